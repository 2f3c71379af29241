//  registry.c: which workers there are, what they can do, how fast, and how much they hold.

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "kernels/kernels.h"
#include "ventilator/registry.h"

//  Before anything was measured: a byte a nanosecond
#define GUESS_PS_PER_BYTE 1000

//  Room that one kernel takes in a description: a text is never cut within a character
#define DESCRIBED_MOST (INK_NAME_MOST + 64)

//  A millisecond a byte: whoever tells of more is not believed
#define PS_MOST 1000000000

//  What any part costs, however short: reading, packing, sending
#define PART_NS 8000

//  All kernels of this process have a number, whatever strangers offer
_Static_assert(INK_KERNELS_LOADED + 8 < INK_OFFERS_MOST, "no number is left for others");

//  A kernel that has a number. The number is free again when the kernel is not ours and no
//  worker offers it any more.
typedef struct {
    char name[INK_NAME_MOST + 1];
    uint64_t version;
    uint64_t ps_per_byte; //  Average over all workers; 0: not known
    bool ours;
    size_t workers; //  That offer it
} offer_t;

struct ink_registry {
    ink_link_t workers;
    size_t size;
    uint64_t next_id;
    offer_t offers[INK_OFFERS_MOST];
    int offer_count;
};

ink_registry_t *
ink_registry_new (void)
{
    ink_registry_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    ink_list_init (&self->workers);
    self->next_id = 1;
    const ink_kernel_t *kernel;
    for (size_t n = 0; (kernel = ink_kernels_at (n)); n++)
        (void) ink_registry_kernel (self, kernel->name, kernel->version);
    return self;
}

void
ink_registry_destroy (ink_registry_t **self_p)
{
    if (!*self_p)
        return;
    INK_LIST_EACH (link, &(*self_p)->workers)
    ink_registry_remove (*self_p, INK_ITEM (link, ink_worker_t, link));
    ink_free (*self_p);
    *self_p = NULL;
}

//  ---------------------------------------------------------------------------------------
//  Kernels and who offers them

static bool
is_free (const offer_t *offer)
{
    return !offer->ours && !offer->workers;
}

//  The number of a kernel, a free one when it has none; -1 when there is none.
static int
number_of (ink_registry_t *self, const char *name, uint64_t version)
{
    int unused = -1;
    for (int n = 0; n < self->offer_count; n++) {
        const offer_t *offer = &self->offers[n];
        if (is_free (offer))
            unused = unused < 0 ? n : unused;
        else if (offer->version == version && strcmp (offer->name, name) == 0)
            return n;
    }
    if (unused < 0 && self->offer_count < INK_OFFERS_MOST)
        unused = self->offer_count++;
    if (unused < 0)
        return -1;
    offer_t *offer = &self->offers[unused];
    *offer = (offer_t){.version = version};
    snprintf (offer->name, sizeof offer->name, "%s", name);
    return unused;
}

int
ink_registry_kernel (ink_registry_t *self, const char *name, uint64_t version)
{
    int number = number_of (self, name, version);
    if (number >= 0)
        self->offers[number].ours = true;
    return number;
}

static void
note_offers (ink_registry_t *self, ink_worker_t *worker, const ink_msg_hello_t *hello)
{
    for (size_t n = 0; n < hello->kernels.size; n++) {
        const ink_msg_kernel_t *kernel = &hello->kernels.items[n];
        int number = number_of (self, kernel->name, kernel->version);
        if (number < 0 || worker->offers >> number & 1)
            continue;
        worker->offers |= (uint64_t) 1 << number;
        self->offers[number].workers++;
    }
}

//  ---------------------------------------------------------------------------------------
//  Workers come and go

ink_worker_t *
ink_registry_add (ink_registry_t *self, const ink_msg_hello_t *hello, uint64_t peer,
                  int64_t now)
{
    ink_worker_t *worker = ink_alloc (sizeof *worker);
    if (!worker)
        return NULL;
    worker->id = self->next_id++;
    worker->peer = peer;
    worker->instance = hello->instance;
    worker->heard = worker->provable = now;
    worker->pid = hello->pid;
    worker->slots = hello->slots;
    snprintf (worker->name, sizeof worker->name, "%s", hello->name);
    snprintf (worker->host, sizeof worker->host, "%s", hello->host);
    snprintf (worker->version, sizeof worker->version, "%s", hello->version);
    note_offers (self, worker, hello);
    ink_list_init (&worker->leases);
    ink_list_append (&self->workers, &worker->link);
    self->size++;
    return worker;
}

void
ink_registry_remove (ink_registry_t *self, ink_worker_t *worker)
{
    for (int n = 0; n < self->offer_count; n++)
        self->offers[n].workers -= worker->offers >> n & 1;
    ink_list_remove (&worker->link);
    self->size--;
    ink_free (worker);
}

//  ---------------------------------------------------------------------------------------
//  Finding

ink_worker_t *
ink_registry_by_id (ink_registry_t *self, uint64_t id)
{
    INK_LIST_EACH (link, &self->workers)
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (worker->id == id)
            return worker;
    }
    return NULL;
}

ink_worker_t *
ink_registry_by_name (ink_registry_t *self, const char *name)
{
    INK_LIST_EACH (link, &self->workers)
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (strcmp (worker->name, name) == 0)
            return worker;
    }
    return NULL;
}

ink_worker_t *
ink_registry_by_instance (ink_registry_t *self, uint64_t instance)
{
    INK_LIST_EACH (link, &self->workers)
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (worker->instance == instance)
            return worker;
    }
    return NULL;
}

ink_link_t *
ink_registry_workers (ink_registry_t *self)
{
    return &self->workers;
}

size_t
ink_registry_live (ink_registry_t *self)
{
    size_t live = 0;
    INK_LIST_EACH (link, &self->workers)
    live += INK_ITEM (link, ink_worker_t, link)->state == INK_WORKER_LIVE;
    return live;
}

size_t
ink_registry_size (const ink_registry_t *self)
{
    return self->size;
}

bool
ink_registry_serves (ink_registry_t *self, uint64_t kernels)
{
    INK_LIST_EACH (link, &self->workers)
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (ink_worker_serves (worker))
            kernels &= ~worker->offers;
    }
    return !kernels;
}

//  ---------------------------------------------------------------------------------------
//  Speed and credit

bool
ink_registry_knows (ink_registry_t *self, const ink_worker_t *worker, int kernel)
{
    return worker->speeds[kernel].ps_per_byte || self->offers[kernel].ps_per_byte;
}

int64_t
ink_registry_estimate (ink_registry_t *self, const ink_worker_t *worker, int kernel,
                       uint64_t bytes)
{
    uint64_t rate = worker->speeds[kernel].ps_per_byte;
    if (!rate)
        rate = self->offers[kernel].ps_per_byte;
    if (!rate)
        rate = GUESS_PS_PER_BYTE;
    return (int64_t) (bytes * rate / 1000) + PART_NS;
}

//  A quarter of the new, three of the old: steady, yet soon right when a machine gets busy
static void
average (uint64_t *rate, uint64_t fresh)
{
    *rate = *rate ? (*rate * 3 + fresh) / 4 : fresh;
    if (!*rate)
        *rate = 1;
}

void
ink_registry_learn (ink_registry_t *self, ink_worker_t *worker, int kernel,
                    uint64_t bytes, uint64_t busy_ns)
{
    ink_speed_t *speed = &worker->speeds[kernel];
    if (bytes < 4096)
        return; //  Mostly overhead: says nothing of the speed
    uint64_t fresh = busy_ns < UINT64_MAX / 1000 ? busy_ns * 1000 / bytes : PS_MOST;
    fresh = fresh < PS_MOST ? fresh : PS_MOST;
    average (&speed->ps_per_byte, fresh);
    average (&self->offers[kernel].ps_per_byte, fresh);
}

void
ink_registry_told (ink_registry_t *self, ink_worker_t *worker,
                   const ink_msg_speed_t *told)
{
    for (int n = 0; n < self->offer_count; n++) {
        if (!(worker->offers >> n & 1) ||
            strcmp (self->offers[n].name, told->kernel) != 0)
            continue;
        worker->speeds[n].chunks = told->chunks;
        worker->speeds[n].bytes = told->bytes;
        worker->speeds[n].busy_ns = told->busy_ns;
    }
}

bool
ink_worker_judge (ink_worker_t *self, bool good, int64_t now)
{
    if (good) {
        self->bad_row = 0;
        return false;
    }
    self->record.refused++;
    if (++self->bad_row < INK_WORKER_BAD_ROW || self->quarantined_until)
        return false;
    self->quarantined_until = now + INK_WORKER_QUARANTINE;
    return true;
}

void
ink_worker_pardon (ink_worker_t *self, int64_t now)
{
    if (!self->quarantined_until || now < self->quarantined_until)
        return;
    self->quarantined_until = 0;
    self->bad_row = INK_WORKER_BAD_ROW - 1;
}

bool
ink_worker_serves (const ink_worker_t *self)
{
    return self->state == INK_WORKER_LIVE && !self->quarantined_until;
}

bool
ink_worker_has_credit (const ink_worker_t *self)
{
    if (!ink_worker_serves (self) || self->held >= INK_CREDIT_MOST)
        return false;
    return INK_PLANTED (20) || self->held < self->slots + 1 ||
           self->in_hand_ns < INK_CREDIT_NS;
}

//  ---------------------------------------------------------------------------------------
//  For people

void
ink_registry_describe (ink_registry_t *self, const ink_worker_t *worker, char *out,
                       size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (int n = 0; n < self->offer_count; n++) {
        const ink_speed_t *speed = &worker->speeds[n];
        if (speed->chunks && used + DESCRIBED_MOST <= size)
            used += (size_t) snprintf (out + used, size - used, "%s%s %llu us x %llu",
                                       used ? ", " : "", self->offers[n].name,
                                       speed->busy_ns / speed->chunks / 1000ULL,
                                       (unsigned long long) speed->chunks);
    }
}

void
ink_registry_names (ink_registry_t *self, uint64_t kernels, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (int n = 0; n < self->offer_count; n++)
        if (kernels >> n & 1 && used + strlen (self->offers[n].name) + 2 <= size)
            used += (size_t) snprintf (out + used, size - used, "%s%s", used ? "," : "",
                                       self->offers[n].name);
}
