//  unread.h: what was sent to a client and lies, for all we know, still in its connection.
//
//  A request ends when its finals are sent, but a client that does not read has them lie in our
//  memory. Clients tell how many replies they have read; of their sizes one mark at a time is
//  remembered, so what is unread may be overstated by what comes between two such words.

#ifndef INK_UNREAD_H_INCLUDED
#define INK_UNREAD_H_INCLUDED

#include "ventilator/demand.h"

void ink_unread_sent (ink_demands_t *self, ink_client_entry_t *client, uint64_t bytes);

//  The client has read so many replies, since its connection began.
void ink_unread_read (ink_demands_t *self, ink_client_entry_t *client, uint64_t replies);

//  Bytes, replies of none counting as some.
uint64_t ink_unread_of (const ink_client_entry_t *client);

//  Whether it is to read before it may ask for more.
bool ink_unread_is_too_much (const ink_demands_t *self, const ink_client_entry_t *client);

#endif
