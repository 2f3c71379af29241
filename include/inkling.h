//  inkling.h: the one header a program includes.
//
//  #include <inkling.h>            ask (inkling/client.h), or run everything here
//                                  (inkling/local.h)
//  #include <inkling/kernel.h>     write a kernel

#ifndef INKLING_H_INCLUDED
#define INKLING_H_INCLUDED

#include "inkling/version.h"
#include "inkling/error.h"
#include "inkling/client.h"
#include "inkling/local.h"

#endif
