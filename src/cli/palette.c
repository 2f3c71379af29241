//  palette.c: colours that grow evenly brighter, also to eyes that see few colours.
//
//  Viridis and inferno are the palettes of matplotlib, by Smith, van der Walt and Firing, in
//  the public domain (CC0). Eleven colours of each are enough: those between are mixed.

#include "cli/palette.h"

#include <math.h>
#include <pthread.h>

#define ANCHORS 11
#define TABLE 256

static const uint32_t anchors[][ANCHORS] = {
    [INK_PALETTE_VIRIDIS] = {0x440154, 0x482374, 0x404387, 0x345E8D, 0x29788E, 0x208F8C,
                             0x22A784, 0x42BE71, 0x79D151, 0xBADE27, 0xFDE724},
    [INK_PALETTE_INFERNO] = {0x000003, 0x160B39, 0x410967, 0x6A176E, 0x932567, 0xBC3754,
                             0xDD5139, 0xF37719, 0xFBA40A, 0xF6D644, 0xFCFEA4},
    [INK_PALETTE_GRAY] = {0x000000, 0x1A1A1A, 0x333333, 0x4D4D4D, 0x666666, 0x808080,
                          0x999999, 0xB3B3B3, 0xCCCCCC, 0xE6E6E6, 0xFFFFFF},
};

#define PALETTES (sizeof anchors / sizeof *anchors)

static ink_color_t tables[PALETTES][TABLE];

//  One of red, green and blue, `part` of the way from one anchor to the next.
static uint8_t
mix (uint32_t from, uint32_t to, int shift, double part)
{
    double a = (double) (from >> shift & 255), b = (double) (to >> shift & 255);
    return (uint8_t) lround (a + (b - a) * part);
}

static void
fill (void)
{
    for (size_t palette = 0; palette < PALETTES; palette++)
        for (int n = 0; n < TABLE; n++) {
            double place = (double) n * (ANCHORS - 1) / (TABLE - 1);
            int at = place < ANCHORS - 1 ? (int) place : ANCHORS - 2;
            uint32_t from = anchors[palette][at], to = anchors[palette][at + 1];
            tables[palette][n] = (ink_color_t){mix (from, to, 16, place - at),
                                               mix (from, to, 8, place - at),
                                               mix (from, to, 0, place - at)};
        }
}

ink_color_t
ink_palette_color (ink_palette_t palette, double share)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once (&once, fill);
    if (isnan (share))
        return INK_COLOR_UNKNOWN;
    double clamped = fmin (fmax (share, 0), 1);
    return tables[palette][lround (clamped * (TABLE - 1))];
}
