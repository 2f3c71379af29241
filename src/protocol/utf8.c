//  utf8.c: which bytes are a text.

#include <stdint.h>

#include "protocol/utf8.h"

//  How a character of 2, 3 or 4 bytes begins, and the smallest code that is written so.
static const struct {
    uint8_t mask, lead;
    uint32_t least;
} forms[] = {
    {0xE0, 0xC0, 0xA0}, //  U+0080 to U+009F are controls
    {0xF0, 0xE0, 0x800},
    {0xF8, 0xF0, 0x10000},
};

//  The size of the character of more than one byte at `bytes`, 0 when it is none.
static size_t
long_character (const uint8_t *bytes, size_t left)
{
    size_t form = 0;
    while (form < 3 && (bytes[0] & forms[form].mask) != forms[form].lead)
        form++;
    size_t size = form + 2;
    if (form == 3 || left < size)
        return 0;
    uint32_t code = bytes[0] & (uint8_t) ~forms[form].mask;
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    bool valid = code >= forms[form].least && code <= 0x10FFFF && !surrogate;
    return valid ? size : 0;
}

bool
ink_utf8_valid (const void *text, size_t size)
{
    const uint8_t *bytes = text;
    for (size_t at = 0; at < size;) {
        if (bytes[at] >= 0x20 && bytes[at] < 0x7F)
            at++;
        else {
            size_t step = bytes[at] < 0x80 ? 0 : long_character (bytes + at, size - at);
            if (step == 0)
                return false;
            at += step;
        }
    }
    return true;
}
