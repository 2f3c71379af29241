//  palette.h: colours that grow evenly brighter, also to eyes that see few colours.

#ifndef INK_PALETTE_H_INCLUDED
#define INK_PALETTE_H_INCLUDED

#include <stdint.h>

typedef struct {
    uint8_t red, green, blue;
} ink_color_t;

typedef enum { INK_PALETTE_VIRIDIS, INK_PALETTE_INFERNO, INK_PALETTE_GRAY } ink_palette_t;

#define INK_COLOR_PAPER ((ink_color_t){18, 18, 24})
#define INK_COLOR_INK ((ink_color_t){190, 190, 200})
#define INK_COLOR_FAINT ((ink_color_t){48, 48, 58})
#define INK_COLOR_UNKNOWN ((ink_color_t){96, 96, 96})

//  The colour of a share from 0 to 1; what is not a number is unknown.
ink_color_t ink_palette_color (ink_palette_t palette, double share);

#endif
