//  board.c: what the campaign and its clients tell each other, in memory they share.

#include "board.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const counted[COUNTED] = {"late_values",  "leases_expired", "leases_revoked",
                                      "retries",      "workers_lost",   "sinks_lost",
                                      "clients_lost", "bad_messages"};

const char *
fault_text (fault_t fault)
{
    static const char *const texts[] = {
#define FAULT_TEXT(code, text, kills) text,
        FAULTS (FAULT_TEXT)
#undef FAULT_TEXT
    };
    return texts[fault];
}

bool
fault_kills (fault_t fault)
{
    static const bool kill[] = {
#define FAULT_KILLS(code, text, kills) kills,
        FAULTS (FAULT_KILLS)
#undef FAULT_KILLS
    };
    return kill[fault];
}

const char *
anomaly_text (anomaly_t anomaly)
{
    static const char *const texts[] = {
#define ANOMALY_TEXT(code, text) text,
        ANOMALIES (ANOMALY_TEXT)
#undef ANOMALY_TEXT
    };
    return texts[anomaly];
}

board_t *
board_join (int descriptor)
{
    void *memory =
        mmap (NULL, sizeof (board_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        perror ("shared memory");
        exit (2);
    }
    return memory;
}

board_t *
board_new (int *descriptor)
{
    *descriptor = memfd_create ("board", 0);
    if (*descriptor < 0 || ftruncate (*descriptor, sizeof (board_t))) {
        perror ("shared memory");
        exit (2);
    }
    return board_join (*descriptor);
}

void
board_note (board_t *self, anomaly_t anomaly, const char *format, ...)
{
    char text[NOTE_MOST];
    int size = snprintf (text, sizeof text, "%s: ", anomaly_text (anomaly));
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (text + size, sizeof text - (size_t) size, format, arguments);
    va_end (arguments);
    self->anomalies[anomaly]++;
    fprintf (stderr, "%s\n", text);
    uint32_t place = self->noted++;
    if (place < NOTES)
        snprintf (self->notes[place], NOTE_MOST, "%s", text);
}

void
tally_most (tally_t *tally, uint64_t value)
{
    uint64_t most = *tally;
    while (value > most && !atomic_compare_exchange_weak (tally, &most, value))
        continue;
}

bool
board_has_anomalies (const board_t *self)
{
    for (size_t n = 0; n < ANOMALY_COUNT; n++)
        if (self->anomalies[n])
            return true;
    return false;
}
