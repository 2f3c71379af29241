//  issues.c: the requests of a session that are on their way.

#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "client/issues.h"

static int64_t
earlier (int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
due_at (const ink_issue_t *issue)
{
    return earlier (issue->ends, earlier (issue->gives_up, issue->again));
}

static ink_issue_t *
issue_of (const ink_heap_node_t *node)
{
    return (ink_issue_t *) (void *) ((char *) node - offsetof (ink_issue_t, node));
}

static bool
due_before (const ink_heap_node_t *a, const ink_heap_node_t *b)
{
    return due_at (issue_of (a)) < due_at (issue_of (b));
}

int
ink_issues_init (ink_issues_t *self, int64_t quiet)
{
    *self = (ink_issues_t){.quiet = quiet, .by_id = ink_map_new (sizeof (ink_name_t))};
    ink_heap_init (&self->due, due_before);
    ink_list_init (&self->ended);
    return self->by_id ? INK_OK : INK_ENOMEM;
}

static void
destroy (ink_issue_t *issue)
{
    ink_request_destroy (&issue->request);
    ink_free (issue);
}

void
ink_issues_bury (ink_issues_t *self)
{
    INK_LIST_EACH (link, &self->ended)
    {
        ink_list_remove (link);
        destroy (INK_ITEM (link, ink_issue_t, link));
    }
}

void
ink_issues_free (ink_issues_t *self)
{
    ink_issues_bury (self);
    ink_heap_free (&self->due);
    size_t cursor = 0;
    ink_issue_t *issue;
    while ((issue = ink_issues_next (self, &cursor)))
        destroy (issue);
    ink_map_destroy (&self->by_id);
}

size_t
ink_issues_size (const ink_issues_t *self)
{
    return ink_map_size (self->by_id);
}

ink_issue_t *
ink_issues_find (const ink_issues_t *self, const char *id)
{
    ink_name_t key = {0};
    if (!ink_id_is_valid (id))
        return NULL;
    memcpy (key, id, strlen (id));
    return ink_map_get (self->by_id, key);
}

ink_issue_t *
ink_issues_next (const ink_issues_t *self, size_t *cursor)
{
    return ink_map_next (self->by_id, cursor);
}

ink_issue_t *
ink_issues_first (const ink_issues_t *self)
{
    const ink_heap_node_t *first = ink_heap_first (&self->due);
    return first ? issue_of (first) : NULL;
}

int64_t
ink_issues_deadline (const ink_issues_t *self)
{
    const ink_issue_t *first = ink_issues_first (self);
    return first ? due_at (first) : INK_SESSION_NEVER;
}

//  Into the map and the queue, or into neither.
static int
enter (ink_issues_t *self, ink_issue_t *issue)
{
    int rc = ink_map_put (self->by_id, issue->request->id, issue);
    if (rc)
        return rc;
    rc = ink_heap_push (&self->due, &issue->node);
    if (rc)
        ink_map_remove (self->by_id, issue->request->id);
    return rc;
}

ink_issue_t *
ink_issues_add (ink_issues_t *self, ink_request_t *request, int64_t now, int64_t ends)
{
    ink_issue_t *issue = ink_alloc (sizeof *issue);
    if (issue == NULL)
        return NULL;
    issue->request = request;
    issue->open = request->kernels;
    issue->submitted = now;
    issue->ends = ends;
    issue->gives_up = INK_SESSION_NEVER;
    issue->again = now + self->quiet;
    if (enter (self, issue)) {
        ink_free (issue);
        return NULL;
    }
    return issue;
}

static void
forget (ink_issues_t *self, ink_issue_t *issue)
{
    ink_map_remove (self->by_id, issue->request->id);
    ink_heap_remove (&self->due, &issue->node);
    ink_list_append (&self->ended, &issue->link);
}

void
ink_issues_touch (ink_issues_t *self, ink_issue_t *issue, int64_t now)
{
    issue->again = now + self->quiet;
    ink_heap_update (&self->due, &issue->node);
}

void
ink_issues_all_again (ink_issues_t *self, int64_t now)
{
    size_t cursor = 0;
    ink_issue_t *issue;
    while ((issue = ink_issues_next (self, &cursor))) {
        issue->again = now;
        ink_heap_update (&self->due, &issue->node);
    }
}

void
ink_issues_send (ink_issues_t *self, ink_issue_t *issue, int64_t now,
                 ink_session_actions_t *out)
{
    ink_msg_t msg = {.kind = INK_MSG_CANCEL, .cancel = {.id = issue->request->id}};
    if (!issue->cancelling)
        ink_request_message (issue->request, &msg);
    ink_session_actions_send (out, msg);
    ink_issues_touch (self, issue, now);
}

//  The application's seq goes up even when the ventilator's starts over.
ink_reply_t *
ink_issue_reply (const ink_issue_t *self, size_t kernel, const ink_msg_reply_t *msg)
{
    uint64_t seq = self->course[kernel].shown + 1;
    if (seq < msg->seq)
        seq = msg->seq;
    return ink_reply_new (self->request->id, self->request->kernel_names[kernel], seq,
                          msg);
}

//  A final waits behind the partial that was not taken; a partial takes its place.
void
ink_issues_deliver (ink_issues_t *self, ink_issue_t *issue, size_t kernel,
                    ink_reply_t *reply, ink_session_actions_t *out)
{
    ink_course_t *course = &issue->course[kernel];
    ink_reply_t *old = reply->final ? NULL : course->untaken;
    course->shown = reply->seq;
    if (reply->final) {
        course->ended = true;
        reply->last = --issue->open == 0;
    } else
        course->untaken = reply;

    ink_session_action_t *action =
        ink_session_actions_add (out, old ? INK_SESSION_REPLACE : INK_SESSION_DELIVER);
    action->reply = reply;
    action->old = old;
    if (old && !INK_PLANTED (36))
        ink_session_actions_send (
            out, (ink_msg_t){.kind = INK_MSG_TAKEN,
                             .taken = {.id = issue->request->id, .seq = old->sent}});
    if (issue->open == 0)
        forget (self, issue);
}

int
ink_issues_finish (ink_issues_t *self, ink_issue_t *issue, int64_t now, int error,
                   const char *detail, ink_session_actions_t *out)
{
    ink_reply_t *replies[INK_KERNELS_MOST] = {0};
    const ink_msg_reply_t msg = {.final = 1,
                                 .error = (uint64_t) error,
                                 .detail = detail,
                                 .bound = INK_EXACT,
                                 .elapsed_us = (uint64_t) (now - issue->submitted)};
    const size_t kernels = issue->request->kernels;
    int rc = ink_session_actions_reserve (out, kernels + 1);
    for (size_t n = 0; n < kernels && rc == INK_OK; n++)
        if (!issue->course[n].ended && !(replies[n] = ink_issue_reply (issue, n, &msg)))
            rc = INK_ENOMEM;
    for (size_t n = 0; n < kernels; n++) {
        if (replies[n] && rc == INK_OK)
            ink_issues_deliver (self, issue, n, replies[n], out);
        else
            ink_reply_destroy (&replies[n]);
    }
    return rc;
}
