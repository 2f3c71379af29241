//  segment.c: what an IPv4 packet tells of the tcp connection it belongs to.

#include "segment.h"

#include <string.h>

#define IP_SIZE 20
#define TCP_SIZE 20
#define TCP 6

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static uint16_t
get16 (const uint8_t *at)
{
    return (uint16_t) (at[0] << 8 | at[1]);
}

static uint32_t
get32 (const uint8_t *at)
{
    return (uint32_t) get16 (at) << 16 | get16 (at + 2);
}

static void
put16 (uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t) (value >> 8);
    at[1] = (uint8_t) value;
}

static void
put32 (uint8_t *at, uint32_t value)
{
    put16 (at, value >> 16);
    put16 (at + 2, value & 0xffff);
}

bool
segment_read (const uint8_t *bytes, size_t size, segment_t *segment)
{
    if (size < IP_SIZE + TCP_SIZE || bytes[0] >> 4 != 4 || bytes[9] != TCP ||
        get16 (bytes + 6) & 0x1fff)
        return false;
    size_t ip = (size_t) (bytes[0] & 15) * 4, all = get16 (bytes + 2);
    if (ip < IP_SIZE || all > size || all < ip + TCP_SIZE)
        return false;
    const uint8_t *tcp = bytes + ip;
    size_t head = (size_t) (tcp[12] >> 4) * 4;
    if (head < TCP_SIZE || all < ip + head)
        return false;
    *segment = (segment_t){.from = get32 (bytes + 12),
                           .to = get32 (bytes + 16),
                           .from_port = get16 (tcp),
                           .to_port = get16 (tcp + 2),
                           .seq = get32 (tcp + 4),
                           .ack = get32 (tcp + 8),
                           .opens = (tcp[13] & (SYN | ACK)) == SYN,
                           .ends = tcp[13] & (FIN | RST),
                           .acknowledges = tcp[13] & ACK,
                           .data = all - ip - head};
    return true;
}

//  RFC 1071, over an even number of bytes.
static uint32_t
sum (const uint8_t *bytes, size_t size, uint32_t before)
{
    for (size_t n = 0; n < size; n += 2)
        before += get16 (bytes + n);
    return before;
}

static uint32_t
fold (uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

void
segment_reset (uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port,
               uint32_t seq, uint32_t ack, uint8_t packet[SEGMENT_RESET_SIZE])
{
    uint8_t *tcp = packet + IP_SIZE;
    memset (packet, 0, SEGMENT_RESET_SIZE);
    packet[0] = 0x45;
    put16 (packet + 2, SEGMENT_RESET_SIZE);
    packet[8] = 64;
    packet[9] = TCP;
    put32 (packet + 12, from);
    put32 (packet + 16, to);
    put16 (packet + 10, fold (sum (packet, IP_SIZE, 0)));
    put16 (tcp, from_port);
    put16 (tcp + 2, to_port);
    put32 (tcp + 4, seq);
    put32 (tcp + 8, ack);
    tcp[12] = TCP_SIZE / 4 << 4;
    tcp[13] = RST | ACK;
    put16 (tcp + 16, fold (sum (packet + 12, 8 + TCP_SIZE, TCP + TCP_SIZE)));
}
