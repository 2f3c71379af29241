//  summary.h: data as a few lines for people.

#ifndef INK_SUMMARY_H_INCLUDED
#define INK_SUMMARY_H_INCLUDED

#include <stdio.h>

#include "cli/data.h"

void ink_summary_write (const ink_data_t *data, FILE *out);

#endif
