//  version.h: which Inkling this is.

#ifndef INKLING_VERSION_H_INCLUDED
#define INKLING_VERSION_H_INCLUDED

#define INK_VERSION_MAJOR 0
#define INK_VERSION_MINOR 1
#define INK_VERSION_PATCH 0
#define INK_VERSION "0.1.0"

//  Marks what libinkling exports; everything else is hidden.
#define INK_EXPORT __attribute__ ((visibility ("default")))

#endif
