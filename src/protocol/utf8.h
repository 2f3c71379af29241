//  utf8.h: which bytes are a text.

#ifndef INK_UTF8_H_INCLUDED
#define INK_UTF8_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

//  Whether the bytes are UTF-8 as RFC 3629 has it, without control characters (U+0000 to
//  U+001F, U+007F to U+009F), so that they can be logged and shown as they are.
bool ink_utf8_valid (const void *bytes, size_t size);

#endif
