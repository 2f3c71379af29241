//  partial.h: which partials a demand is told of what the cache knew, and how coarse they are.

#ifndef INK_PARTIAL_H_INCLUDED
#define INK_PARTIAL_H_INCLUDED

#include "ventilator/demand.h"

//  The precision of the first partial to come.
uint64_t ink_partial_first (const ink_strand_t *strand);

//  Whether one that covers so many bytes is due, none having been sent; its precision.
bool
ink_partial_is_due (const ink_strand_t *strand, uint64_t covered, uint64_t *precision);

//  Whether it shows less than what the strand was told of by a glimpse: it covers less, and is
//  no finer. An estimate is worth something, too: it is not kept from who has seen a little.
bool ink_partial_is_less (const ink_strand_t *strand, const ink_msg_reply_t *reply);

#endif
