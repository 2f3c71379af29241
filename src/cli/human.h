//  human.h: numbers as people like to read them.

#ifndef INK_HUMAN_H_INCLUDED
#define INK_HUMAN_H_INCLUDED

#include <stdint.h>

#define INK_HUMAN_MOST 24

typedef struct {
    char text[INK_HUMAN_MOST];
} ink_human_t;

ink_human_t ink_human_bytes (uint64_t bytes);            //  "1.27 GiB"
ink_human_t ink_human_rate (double bytes_second);        //  "1.72 GB/s"
ink_human_t ink_human_count (double count);              //  "1.2M"
ink_human_t ink_human_seconds (double seconds);          //  "84 ms", "1.24 s", "2:05"
ink_human_t ink_human_share (double part, double whole); //  "62 %", "0.03 %"

#endif
