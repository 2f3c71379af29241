//  request.c: asks for the digraph of a file, and watches the answer get better.
//
//      request ROOT/PATH

#include <inkling.h>
#include <stdio.h>

int
main (int argc, char **argv)
{
    ink_client_t *client = ink_client_new (NULL);
    ink_request_t *request = ink_request_new (argc > 1 ? argv[1] : "");
    ink_reply_t *reply;
    ink_request_add_kernel (request, "digraph");
    int error = ink_client_submit (client, request);
    for (bool ended = error; !ended && (reply = ink_client_receive (client, -1));) {
        printf (
            "%s: exact over %llu of %llu bytes\n", ink_reply_status (reply),
            (unsigned long long) (ink_reply_cached (reply) + ink_reply_computed (reply)),
            (unsigned long long) ink_reply_total (reply));
        ended = ink_reply_is_final (reply);
        error = ink_reply_error (reply);
        ink_reply_destroy (&reply);
    }
    fprintf (stderr, "%s\n", ink_error_text (error));
    ink_request_destroy (&request);
    ink_client_destroy (&client);
    return ink_error_status (error);
}
