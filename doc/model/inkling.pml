//  inkling.pml: how work is given out, and what becomes of it when messages and processes are
//  lost. README.md says what is claimed, what is left out, and what was found.
//
//  Requests want the same two parts of a source, two workers compute them. A step of the
//  model is a step of a brain, atomic as in the program, and has the name the code has for
//  it. A set of parts is a mask: 1, 2, or 3 for both; so is a set of a lease's slots.

#ifndef REQUESTS
#define REQUESTS 1
#endif
#ifndef CRASHES
#define CRASHES 2 //  Of the sink, or connections to it; workers crash without end
#endif
#ifndef SLIPS
#define SLIPS 0 //  The sink is taken for dead, a final is lost or taken for lost
#endif
#ifndef BACKUPS
#define BACKUPS 1 //  A slow lease is given to the other worker too
#endif
#ifndef BUG
#define BUG NONE
#endif

#define WORKERS 2
#define ALL 3
#define UP 1              //  Messages on their way from the sink
#define LINE 1            //  EXPECTs and KNOWNs on their way to it
#define DOWN (LINE + REQUESTS) //  A FORGET always finds room

//  Planted bugs
#define NONE 0
#define REUSES_ID 1       //  A lease id is used again while its values are on their way
#define MERGES_TWICE 2    //  The sink does not ask whether a part is there
#define LOSES_CHUNKS 3    //  The chunks of a lost worker are not given out again
#define FORGETS_ORDER 4   //  The order in SETTLED is not looked at
#define WORKS_ON 5        //  A cancelled request's chunks may still be leased
#define KEEPS_CHUNKS 6    //  A revoked lease gives chunks back once more when it ends
#define TRUSTS_SINK 7     //  Another sink is taken for the same
#define RETURNS_TWICE 8   //  A revoked lease gives its credit back, and again when it ends
#define ENDS_TWICE 9      //  A final is passed on though the request has ended
#define WAITS_FOR_EVER 10 //  A lease has no deadline
#define NEVER_STOPS 11    //  A revoked lease has none
#define TELLS_LATER 12    //  SETTLED has the order of its own time, not of the values'
#define LOSES_NOTES 13    //  The line to the sink loses a message, and nobody notices
#define COUNTS_TWICE 14   //  The sink counts a doubled value off what is left
#define HOLDS_ON 15       //  What nobody waits for any more stays in its lease
#define NEVER_ASKS 16     //  A final that does not come is not missed
#define IMPATIENT 17      //  A lease's patience is shorter than its work
#define IGNORES_BACKUP 18 //  What a backup still computes is given out once more
#define RUNS_EMPTY 19     //  A lease whose chunks have settled elsewhere runs on
#define BLAMES_EARLY 20   //  A value is bad that came before the sink heard who waits for it

mtype = {LOOKING, RUNNING, ENDED, EXPECT, KNOWN, FORGET, SETTLED, FINAL, GREETING};

#if REQUESTS == 2
#define all_have_ended() (demand[0].state == ENDED && demand[1].state == ENDED)
#else
#define all_have_ended() (demand[0].state == ENDED)
#endif

#define STEP(when, ...) :: d_step { when -> __VA_ARGS__; skip }

//  A step of the ventilator: its books are checked behind it.
#define TURN(when, ...) :: d_step { when -> __VA_ARGS__; check_books () }

//  While it storms, messages are lost, doubled and late, workers are killed or taken for dead,
//  and clients cancel, all as often as it likes; only these are counted.
bool calm;
byte crashes, slips;

//  ---------------------------------------------------------------------------------------
//  What everybody knows

//  Of the ventilator. A part that is in none of the three sets is LOOKING.
typedef demand_t {
    byte state; //  0: not asked yet
    unsigned ready : 2, going : 2, done : 2;
    unsigned order : 4; //  Of its EXPECT, 0: none was sent
    bool final          //  The client has got it
};
demand_t demand[REQUESTS];
byte orders;  //  EXPECTs that were sent
byte met = 1; //  The instance of the sink

//  A lease that is RUNNING, one a worker at most. Its values are in the lane, in the worker's
//  hands or on their way to the sink: it makes no difference. A value knows its part, its
//  arrival only the slot.
typedef lease_t {
    bool held;
    unsigned span : 2;    //  The parts it was given out with
    unsigned chunks : 2;  //  Those it still stands for
    unsigned open : 2;    //  Slots that have not settled
    unsigned values : 2;  //  Slots whose value may yet come, in a storm again and again
    unsigned arrived : 2; //  Slots whose value came there, and was not told of
    unsigned taken : 2    //  Of these, those that somebody waited for there
};
lease_t lease[WORKERS];
byte stray; //  Parts whose value may yet come, of leases that have ended

typedef worker_t {
    unsigned cancelling : 2; //  Revoked leases that have not ended
    unsigned credit : 2      //  How many it is believed to hold: one is allowed
};
worker_t worker[WORKERS];

//  Of the sink
typedef collection_t {
    bool there_is, replied;
    unsigned there : 2; //  Parts merged
    unsigned left : 2;  //  How many are not
    unsigned order : 4
};
collection_t collection[REQUESTS];
byte instance = 1;
bool cut;     //  The connection to it is down
byte heard;   //  The order of the last EXPECT
bool batch;   //  Values have come that are not committed
byte settled; //  `heard` when the first of them came
byte fresh;   //  Parts to be committed
byte cache;   //  Parts that are

//  Between the two there is a line each way, first in, first out.
chan down = [DOWN] of {mtype, byte, byte, byte}; //  request, order, parts
chan up = [UP] of {mtype, byte, byte, byte, byte}; //  order, arrivals of both, instance

//  Variables of a step
hidden byte i, w_, x, moved, back, leased, wanted;
hidden byte word, about, come_0, come_1, from; //  From the sink
hidden byte note, handle, number, known; //  From the ventilator
hidden byte word_, about_, come_0_, come_1_, from_;

//  Arrivals of a lease: slots, and above them those that were taken.
#define arrivals_of(w) (lease[w].arrived | lease[w].taken << 2)

#define parts_of(span, slots) ((span) == ALL -> (slots) : ((slots) & 1 -> (span) : 0))
#define slots_of(span) ((span) == ALL -> 3 : 1)
#define count_of(set) (((set) & 1) + ((set) >> 1))

//  ---------------------------------------------------------------------------------------
//  Claims about the ventilator's books

inline add_leased ()
{
    leased = lease[0].chunks | lease[1].chunks
}

//  The part is in the sink's collection, or on the line to it.
#define has_come(r, part) \
    ((collection[r].there_is && collection[r].order == demand[r].order && \
      (collection[r].there & part)) || \
     down ?? [KNOWN, r, 0, part] || down ?? [EXPECT, r, eval (demand[r].order), part] || \
     down ?? [EXPECT, r, eval (demand[r].order), ALL])

inline check_demand (r)
{
    if
    :: demand[r].state == RUNNING ->
        //  No chunk is lost, and none is in two states
        assert ((demand[r].going & ~leased) == 0);
        assert ((demand[r].ready & (leased | demand[r].going | demand[r].done)) == 0);
        assert ((demand[r].going & demand[r].done) == 0);
        //  What is done has come to the sink that we know
        assert (met != instance || !(demand[r].done & 1) || has_come (r, 1));
        assert (met != instance || !(demand[r].done & 2) || has_come (r, 2))
    :: else
    fi
}

inline check_worker (w)
{
    assert (lease[w].held == (lease[w].chunks != 0)); //  None runs of which nothing is left
    assert (worker[w].credit == worker[w].cancelling + lease[w].held);
    assert (worker[w].credit <= 1)
}

inline check_books ()
{
    add_leased ();
    wanted = 0;
    for (i : 0 .. REQUESTS - 1) {
        wanted = wanted | demand[i].going
    }
    assert ((leased & ~wanted) == 0); //  Nobody computes what nobody waits for
    check_demand (0);
#if REQUESTS == 2
    check_demand (1);
#endif
    check_worker (0);
    check_worker (1)
}

//  ---------------------------------------------------------------------------------------
//  The ventilator: leases (lease.c, back.c, dispatch.c)

//  Ids are never used again, and an arrival of a lease that is not held changes nothing: it
//  is taken off the line here, and of values that may yet come only the parts are kept.
inline end_lease (w)
{
    stray = stray | parts_of (lease[w].span, lease[w].values);
    lease[w].held = 0;
    lease[w].span = 0;
    lease[w].chunks = 0;
    lease[w].open = 0;
    lease[w].values = 0;
    if
    :: BUG == REUSES_ID
    :: else ->
        lease[w].arrived = 0;
        lease[w].taken = 0;
        for (i : 1 .. len (up)) {
            up ? word_, about_, come_0_, come_1_, from_;
            up ! word_, about_, ((w) == 0 -> 0 : come_0_), ((w) == 1 -> 0 : come_1_), from_
        }
    fi
}

inline make_ready (parts)
{
    for (i : 0 .. REQUESTS - 1) {
        moved = demand[i].going & (parts);
        demand[i].going = demand[i].going - moved;
        demand[i].ready = demand[i].ready | moved
    }
}

//  What a backup computes too is not READY when one of the two ends.
inline return_chunks (w)
{
    back = lease[w].chunks & ~(BUG == IGNORES_BACKUP -> 0 : lease[1 - (w)].chunks);
    make_ready (back)
}

inline close_lease (w)
{
    worker[w].credit--;
    end_lease (w)
}

//  It holds its worker's credit until that has stopped.
inline revoke (w)
{
    return_chunks (w);
    worker[w].cancelling++;
    if
    :: BUG == RETURNS_TWICE -> worker[w].credit--
    :: else
    fi;
    end_lease (w)
}

inline close_revoked (w)
{
    if
    :: BUG == KEEPS_CHUNKS -> make_ready (ALL)
    :: else
    fi;
    worker[w].cancelling--;
    worker[w].credit--
}

inline lose (w)
{
    if
    :: BUG == LOSES_CHUNKS
    :: else -> return_chunks (w)
    fi;
    end_lease (w);
    worker[w].cancelling = 0;
    worker[w].credit = 0
}

inline lend (w, parts)
{
    lease[w].held = 1;
    lease[w].span = parts;
    lease[w].chunks = parts;
    lease[w].open = slots_of (parts);
    lease[w].values = slots_of (parts);
    worker[w].credit++
}

inline grant (r, w, parts)
{
    assert (demand[r].state == RUNNING); //  What has ended is not worked for
    add_leased ();
    assert ((leased & (parts)) == 0); //  Only a backup computes anything again
    lend (w, parts);
    for (i : 0 .. REQUESTS - 1) {
        moved = demand[i].ready & (parts);
        demand[i].ready = demand[i].ready - moved;
        demand[i].going = demand[i].going | moved
    }
}

//  ---------------------------------------------------------------------------------------
//  The ventilator: requests (foreman.c, settle.c)

inline send_final (r)
{
    assert (!demand[r].final);
    demand[r].final = 1
}

//  Its chunks that no kin wants are dropped, and leases of which nothing is left revoked.
inline retire (r)
{
    if
    :: demand[r].order -> down ! FORGET, r, 0, 0
    :: else
    fi;
    wanted = 0;
    for (i : 0 .. REQUESTS - 1) {
        wanted = wanted | (i == r -> 0 : demand[i].going | demand[i].ready)
    }
    x = (BUG == HOLDS_ON -> 0 : demand[r].going & ~wanted);
    if
    :: BUG == WORKS_ON
    :: else ->
        demand[r].ready = 0;
        demand[r].going = 0
    fi;
    demand[r].done = 0;
    demand[r].order = 0;
    demand[r].state = ENDED;
    for (w_ : 0 .. WORKERS - 1) {
        moved = lease[w_].chunks & x;
        lease[w_].chunks = lease[w_].chunks - moved;
        if
        :: moved && !lease[w_].chunks -> revoke (w_)
        :: else
        fi
    }
    if
    :: all_have_ended () -> //  What is still about touches nobody: let it be calm
        calm = 1;
        crashes = 0;
        slips = 0;
        stray = 0
    :: else
    fi
}

//  Parts the cache does not know: a kin has them in progress, or they are to be leased.
inline sort (r, parts)
{
    add_leased ();
    demand[r].going = demand[r].going | ((parts) & leased);
    demand[r].ready = demand[r].ready | ((parts) & ~leased)
}

inline looked (r, parts)
{
    if
    :: (parts) == ALL ->
        send_final (r);
        retire (r)
    :: else ->
        orders++;
        assert (orders < 16); //  There is room for them
        demand[r].order = orders;
        demand[r].state = RUNNING;
        demand[r].done = parts;
        sort (r, ALL & ~(parts));
        down ! EXPECT, r, orders, parts
    fi
}

inline found (r, part)
{
    demand[r].done = demand[r].done | (part);
    down ! KNOWN, r, 0, part
}

inline replan (r)
{
    assert (demand[r].going == 0);
    demand[r].ready = 0;
    demand[r].done = 0;
    demand[r].state = LOOKING
}

//  Who came too late for the value has the part LOOKING again.
inline settle_chunk (part, o)
{
    for (i : 0 .. REQUESTS - 1) {
        moved = (demand[i].state == RUNNING -> (demand[i].going | demand[i].ready) & part : 0);
        demand[i].going = demand[i].going & ~moved;
        demand[i].ready = demand[i].ready & ~moved;
        if
        :: demand[i].order <= o || BUG == FORGETS_ORDER ->
            demand[i].done = demand[i].done | moved
        :: else
        fi
    }
}

//  The sink has heard of somebody who waits for the part.
inline is_expected (part, o)
{
    wanted = 0;
    for (i : 0 .. REQUESTS - 1) {
        wanted = wanted | (demand[i].order <= o || BUG == BLAMES_EARLY -> demand[i].going & (part) : 0)
    }
}

inline on_arrival (w, slot, taken, o)
{
    if
    :: lease[w].open & (slot) ->
        x = parts_of (lease[w].span, slot) & lease[w].chunks;
        is_expected (x, o);
        assert (!wanted || (taken)); //  No good value is taken for the value of something else
        lease[w].open = lease[w].open - (slot);
        lease[w].chunks = lease[w].chunks & ~x;
        lease[1 - (w)].chunks = lease[1 - (w)].chunks & ~x;
        settle_chunk (x, o);
        if
        :: lease[1 - (w)].held && !lease[1 - (w)].chunks && BUG != RUNS_EMPTY -> revoke (1 - w)
        :: else
        fi;
        if
        :: !lease[w].open -> close_lease (w)
        :: lease[w].open && !lease[w].chunks -> revoke (w)
        :: else
        fi
    :: else
    fi
}

inline on_arrivals (w, come, o)
{
    if
    :: (come) & 1 -> on_arrival (w, 1, (come) & 4, o)
    :: else
    fi;
    if
    :: (come) & 2 -> on_arrival (w, 2, (come) & 8, o)
    :: else
    fi
}

inline on_final (r)
{
    if
    :: demand[r].state == RUNNING ->
        send_final (r);
        retire (r)
    :: demand[r].state == ENDED && BUG == ENDS_TWICE -> send_final (r)
    :: else
    fi
}

//  Another sink knows nothing of what we expect: plan again from what the cache has.
inline on_greeting (n)
{
    if
    :: met == n || BUG == TRUSTS_SINK
    :: else ->
        for (w_ : 0 .. WORKERS - 1) {
            if
            :: lease[w_].held -> revoke (w_)
            :: else
            fi
        }
        for (i : 0 .. REQUESTS - 1) {
            if
            :: demand[i].state == RUNNING -> replan (i)
            :: else
            fi
        }
    fi;
    met = n
}

//  What a sink that we have not met says of values counts for nothing.
inline on_word ()
{
    if
    :: word == SETTLED && from == met ->
        on_arrivals (0, come_0, about);
        on_arrivals (1, come_1, about)
    :: word == SETTLED && from != met
    :: word == FINAL -> on_final (about)
    :: word == GREETING -> on_greeting (about)
    fi
}

//  ---------------------------------------------------------------------------------------
//  The ventilator: its turns

//  A look may miss what the cache has: it came later, or was evicted.
#define sees(parts) ((parts) == cache || (!calm && ((parts) & ~cache) == 0))
#define has_room() (len (down) < LINE)

#define LOOK(r, parts) \
    TURN (demand[r].state == LOOKING && sees (parts) && has_room (), looked (r, parts))

#define seeks(r, part) \
    (demand[r].state == RUNNING && \
     !((demand[r].ready | demand[r].going | demand[r].done) & part))
#define LOOK_PART(r, part) \
    TURN (seeks (r, part) && (cache & part) && has_room (), found (r, part)) \
    TURN (seeks (r, part) && (!(cache & part) || !calm), sort (r, part))

//  While both workers are alike, the first stands for both.
#define alike() (!worker[0].credit && !worker[1].credit)
#define GRANT(r, w, parts) \
    TURN (!worker[w].credit && (demand[r].ready & parts) == parts && \
          (w == 0 || !alike ()), grant (r, w, parts))

#define DEMAND(r) \
    LOOK (r, 0) LOOK (r, 1) LOOK (r, 2) LOOK (r, 3) \
    LOOK_PART (r, 1) LOOK_PART (r, 2) \
    GRANT (r, 0, 1) GRANT (r, 0, 2) GRANT (r, 0, 3) \
    GRANT (r, 1, 1) GRANT (r, 1, 2) GRANT (r, 1, 3)

//  Finals that were lost are missed when nothing else happens; that they are only late is a
//  slip.
#define overdue(r) \
    (demand[r].state == RUNNING && demand[r].done == ALL && BUG != NEVER_ASKS)
#define OVERDUE(r) \
    TURN (overdue (r) && timeout, replan (r)) \
    TURN (overdue (r) && !calm && slips < SLIPS, slips++; replan (r))

//  A worker that holds nothing gets what the other is too slow with.
#define BACKUP(w, parts) \
    TURN (BACKUPS && (!calm || timeout) && !worker[w].credit && \
          (lease[1 - w].chunks & parts) == parts, lend (w, parts))

//  Patience ends when nothing else happens, and in a storm at any time; the worker says STOPPED
//  of a running lease, when a HELD was too old to list it; a revoked lease has stopped, sends
//  its last value, or is given up; the worker is silent, or says HELLO in another life: it was
//  killed, or only silent for too long.
#define WORKER(w) \
    BACKUP (w, 1) BACKUP (w, 2) BACKUP (w, 3) \
    TURN (lease[w].held && timeout && BUG != WAITS_FOR_EVER, revoke (w)) \
    TURN (lease[w].held && (!calm || BUG == IMPATIENT) && BUG != WAITS_FOR_EVER, revoke (w)) \
    TURN (lease[w].held && !calm, return_chunks (w); close_lease (w)) \
    TURN (worker[w].cancelling && BUG != NEVER_STOPS, close_revoked (w)) \
    TURN (!calm, lose (w))

active proctype ventilator ()
{
end:
    do
    DEMAND (0)
    OVERDUE (0)
#if REQUESTS == 2
    DEMAND (1)
    OVERDUE (1)
#endif
    WORKER (0)
    WORKER (1)
    TURN (nempty (up), up ? word, about, come_0, come_1, from; on_word ())
    TURN (!calm && nempty (up), up ? <word, about, come_0, come_1, from>; on_word ()) //  Doubled
    od
}

//  ---------------------------------------------------------------------------------------
//  The sink (expect.c, arrive.c, collector.c)

//  At most one value a part.
inline enter (r, part)
{
    assert (!(collection[r].there & (part)));
    collection[r].there = collection[r].there | (part);
    collection[r].left--
}

inline merge (part)
{
    for (i : 0 .. REQUESTS - 1) {
        if
        :: collection[i].there_is && (!(collection[i].there & (part)) || BUG == MERGES_TWICE) ->
            enter (i, part);
            fresh = fresh | (part)
        :: collection[i].left && (collection[i].there & (part)) && BUG == COUNTS_TWICE ->
            collection[i].left--
        :: else
        fi
    }
    settled = (batch -> settled : heard);
    batch = 1
}

#if REQUESTS == 2
#define is_there() (collection[0].there_is || collection[1].there_is)
#else
#define is_there() (collection[0].there_is)
#endif

inline on_value (w, slot)
{
    x = (lease[w].arrived & (slot) || !is_there () -> 0 : slot); //  The first one counts
    lease[w].taken = lease[w].taken | x;
    lease[w].arrived = lease[w].arrived | (slot);
    x = parts_of (lease[w].span, slot);
    merge (x)
}

//  What came is visible in the cache, and then told of.
inline on_stored ()
{
    cache = cache | fresh;
    if
    :: lease[0].arrived || lease[1].arrived ->
        up ! SETTLED, (BUG == TELLS_LATER -> heard : settled), arrivals_of (0),
            arrivals_of (1), instance
    :: else
    fi;
    end_batch ()
}

inline end_batch ()
{
    lease[0].arrived = 0;
    lease[1].arrived = 0;
    lease[0].taken = 0;
    lease[1].taken = 0;
    batch = 0;
    settled = 0;
    fresh = 0
}

inline forget (r)
{
    collection[r].there_is = 0;
    collection[r].replied = 0;
    collection[r].there = 0;
    collection[r].left = 0;
    collection[r].order = 0
}

inline on_expect (r)
{
    collection[r].there_is = 1;
    collection[r].replied = 0;
    collection[r].there = known;
    collection[r].left = 2 - count_of (known);
    collection[r].order = number;
    heard = number
}

inline on_known (r)
{
    if
    :: collection[r].there_is && !(collection[r].there & known) -> enter (r, known)
    :: else //  A kin has computed it meanwhile
    fi
}

inline on_note ()
{
    cut = 0;
    if
    :: note == EXPECT -> on_expect (handle)
    :: note == KNOWN -> on_known (handle)
    :: note == FORGET -> forget (handle)
    fi
}

//  The ventilator is heard before the workers (sink.c). While it is calm we make that strict:
//  else a value is computed for ever for somebody whose EXPECT is never read.
#define hears() (!calm || (empty (down) && met == instance))

#define VALUE(w, slot) \
    STEP ((lease[w].values & slot) && hears (), \
          on_value (w, slot); lease[w].values = lease[w].values - (calm -> slot : 0))
#define STRAY(part) \
    STEP ((stray & part) && hears (), merge (part); stray = stray - (calm -> part : 0))
#define REPLY(r) \
    STEP (collection[r].there_is && !collection[r].replied && !collection[r].left && \
          !batch && nfull (up), \
          assert (collection[r].there == ALL); collection[r].replied = 1; up ! FINAL, r, 0, 0, 0)

active proctype sink ()
{
end:
    do
    VALUE (0, 1)
    VALUE (0, 2)
    VALUE (1, 1)
    VALUE (1, 2)
    STRAY (1)
    STRAY (2)
    STEP (batch && nfull (up), on_stored ())
    STEP (nempty (down), down ? note, handle, number, known; on_note ())
    REPLY (0)
#if REQUESTS == 2
    REPLY (1)
#endif
    STEP (met != instance && nfull (up) && !(up ?? [GREETING, eval (instance), 0, 0, 0]),
          up ! GREETING, instance, 0, 0, 0; cut = 0)
    od
}

//  ---------------------------------------------------------------------------------------
//  The client

#define is_open(r) (demand[r].state == LOOKING || demand[r].state == RUNNING)

//  While it is calm everybody shall get an answer without cancelling.
#define CANCEL(r) TURN (is_open (r) && !calm, send_final (r); retire (r))

//  Who waits here for ever is an error: of the loops this one alone may not end in its middle.
active proctype client ()
{
    do
    STEP (!demand[0].state, demand[0].state = LOOKING)
    CANCEL (0)
#if REQUESTS == 2
    STEP (demand[0].state && !demand[1].state, demand[1].state = LOOKING)
    CANCEL (1)
#endif
    :: all_have_ended () && timeout -> break
    od;
    //  What was lent has come back, and nothing is expected
    assert (!worker[0].credit && !worker[1].credit);
    assert (!lease[0].held && !lease[1].held && !collection[0].there_is)
}

//  ---------------------------------------------------------------------------------------
//  What is lost, and who dies

inline kill_sink ()
{
    instance++;
    cut = 1;
    for (i : 0 .. REQUESTS - 1) {
        forget (i)
    }
    end_batch ();
    heard = 0
}

//  While it storms, going round in circles is progress; when it is calm it is not.
active proctype fate ()
{
progress:
    do
    //  A line loses what is on it with its connection, and another instance shows that
    STEP (!calm && nempty (down) && (cut || BUG == LOSES_NOTES), down ? _, _, _, _)
    //  More than can happen: words from the sink are lost, and nobody notices
    STEP (!calm && nempty (up) && (cut || !(up ? [FINAL, _, _, _, _])), up ? _, _, _, _, _)
    STEP (!calm && crashes < CRASHES, crashes++; kill_sink ())
    STEP (!calm && slips < SLIPS && (up ? [FINAL, _, _, _, _]), slips++; up ? _, _, _, _, _)
    //  It was silent: whoever greets next is another one
    STEP (!calm && slips < SLIPS && met == instance, slips++; met = 0)
    //  The storm ends, and what has not come by then is lost. Nothing more is needed: what the
    //  calm does, a storm does too.
    :: d_step {
           empty (up) && empty (down) && !batch ->
           calm = 1;
           crashes = 0;
           slips = 0;
           stray = 0;
           lease[0].values = 0;
           lease[1].values = 0
       };
       break
    od
}
