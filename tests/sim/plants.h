//  plants.h: the bugs that are planted in src/ (base/plant.h), each of which must be found.

#ifndef SIM_PLANTS_H_INCLUDED
#define SIM_PLANTS_H_INCLUDED

#include <stdbool.h>

#define PLANTS(P)                                                         \
    P (1, "a slot of a lease settles twice")                              \
    P (2, "a value is counted as arrived for who the sink did not know")  \
    P (3, "only the first of those who wait for a value hears of it")     \
    P (4, "a new sink is not told of what is under way")                  \
    P (5, "what was kept of a look is never given back")                  \
    P (6, "a changed source ends one request only")                       \
    P (7, "our own pause is held against the others")                     \
    P (8, "the sink is not told to forget")                               \
    P (9, "a partial is sent before the last one was taken")              \
    P (10, "a cancel takes a shared chunk along")                         \
    P (11, "a lease has no deadline")                                     \
    P (12, "a worker that missed a message is waited for for ever")       \
    P (13, "a range that kills workers is tried without end")             \
    P (14, "a revoked lease keeps its chunks")                            \
    P (15, "a lost worker keeps its chunks")                              \
    P (16, "what only waited is blamed for a lost worker")                \
    P (17, "a revocation is not counted")                                 \
    P (18, "the sink is not told that a part failed")                     \
    P (19, "that a partial was taken is not heard")                       \
    P (20, "credit is ignored")                                           \
    P (21, "what comes back is not found again")                          \
    P (22, "those who were served stay first in line")                    \
    P (23, "values with another lookahead are taken for the same")        \
    P (24, "the epoch of a value is not looked at")                       \
    P (25, "a connection that was made anew is taken for the old one")    \
    P (26, "values are merged before what was known")                     \
    P (27, "checksums are not looked at")                                 \
    P (28, "a value is told of before it is visible")                     \
    P (29, "a final overtakes its values")                                \
    P (30, "a value is merged twice")                                     \
    P (31, "a gap in the control channel is not noticed")                 \
    P (32, "a lease that is not ours any more is kept")                   \
    P (33, "a revocation that overtook its lease is forgotten")           \
    P (34, "a kernel has two finals")                                     \
    P (35, "a request is never issued again")                             \
    P (36, "that a partial was replaced is not told")                     \
    P (37, "a chunk whose lease is lost forgets its backup")              \
    P (38, "a lease of which nothing is left goes on")                    \
    P (39, "a value with holes is kept for others")                       \
    P (40, "a node is made without its last child")                       \
    P (41, "a view that has moved on is computed to its end")             \
    P (42, "a span that was revoked is computed")                         \
    P (43, "a worker is given lease after lease beyond its credit")       \
    P (61, "samples of a request that has ended are mapped all the same") \
    P (62, "a sample is drawn of what is known")                          \
    P (63, "the sink waits for parts that are spared")                    \
    P (64, "an estimate stands for what is exact, too")

//  Makes one of them real; false when there is none of that number, or none were built.
bool plants_choose (int n);

//  Prints a line for each: its number, and what is wrong.
void plants_list (void);

#endif
