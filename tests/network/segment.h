//  segment.h: what an IPv4 packet tells of the tcp connection it belongs to.

#ifndef SEGMENT_H_INCLUDED
#define SEGMENT_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t from, to; //  Addresses, in the machine's order, as everything here
    uint16_t from_port, to_port;
    uint32_t seq, ack;
    bool opens, ends, acknowledges;
    size_t data; //  Bytes of the application
} segment_t;

#define SEGMENT_RESET_SIZE 40

//  False when the bytes are no tcp over IPv4, or a later fragment of it.
bool segment_read (const uint8_t *bytes, size_t size, segment_t *segment);

//  Writes the packet by which `from` would end the connection, with a sequence number that
//  `to` takes for the one it waits for.
void segment_reset (uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port,
                    uint32_t seq, uint32_t ack, uint8_t packet[SEGMENT_RESET_SIZE]);

#endif
