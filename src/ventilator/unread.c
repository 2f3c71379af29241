//  unread.c: what was sent to a client and lies, for all we know, still in its connection.

#include "ventilator/unread.h"

//  Of one client, with the answers that are still to come
#define CLIENT_MOST ((uint64_t) 1 << 30)

//  Of each, while all clients together have above so much
#define CROWD ((uint64_t) 256 << 20)
#define CROWD_MOST ((uint64_t) 2 << 20)
#define FLOOD ((uint64_t) 1 << 30)
#define FLOOD_MOST ((uint64_t) 64 << 10)

//  What a message costs besides its payload
#define LETTER 512

void
ink_unread_sent (ink_demands_t *self, ink_client_entry_t *client, uint64_t bytes)
{
    client->sent++;
    client->sent_bytes += bytes + LETTER;
    self->unread += bytes + LETTER;
}

void
ink_unread_read (ink_demands_t *self, ink_client_entry_t *client, uint64_t replies)
{
    if (replies < client->marked)
        return;
    bool all = replies >= client->sent;
    uint64_t read = all ? client->sent_bytes : client->marked_bytes;
    self->unread -= read - client->read_bytes;
    client->read_bytes = read;
    client->marked = client->sent;
    client->marked_bytes = client->sent_bytes;
}

uint64_t
ink_unread_of (const ink_client_entry_t *client)
{
    return client->sent_bytes - client->read_bytes;
}

bool
ink_unread_is_too_much (const ink_demands_t *self, const ink_client_entry_t *client)
{
    uint64_t unread = ink_unread_of (client);
    if (self->unread > CROWD && unread > CROWD_MOST)
        return true;
    if (self->unread > FLOOD && unread > FLOOD_MOST)
        return true;
    return unread && unread + client->output > CLIENT_MOST;
}
