//  event-loop.c: a client inside a loop of one's own, beside the keyboard and a timer.
//
//      event-loop          then type ROOT/PATH lines; end with ctrl-D
//
//  The descriptor of ink_client_fd goes into poll like any other; Qt and GLib take it the
//  same way.

#include <inkling.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

//  Asks for the histogram of the source that was typed. False at the end of the input.
static bool
read_line (ink_client_t *client)
{
    char line[4096];
    if (!fgets (line, sizeof line, stdin))
        return false;
    line[strcspn (line, "\n")] = 0;
    ink_request_t *request = ink_request_new (line);
    int error = request ? ink_request_add_kernel (request, "histogram") : INK_ENOMEM;
    if (!error)
        error = ink_client_submit (client, request);
    if (error)
        printf ("%s\n", ink_error_text (error));
    ink_request_destroy (&request);
    return true;
}

//  Takes all that wait: the descriptor stays readable until none does.
static void
read_replies (ink_client_t *client)
{
    ink_reply_t *reply;
    while ((reply = ink_client_receive (client, 0))) {
        printf ("%s %s: %s, %zu bytes\n", ink_reply_request (reply),
                ink_reply_is_final (reply) ? "final" : "partial",
                ink_reply_status (reply), ink_reply_size (reply));
        ink_reply_destroy (&reply);
    }
}

int
main (void)
{
    ink_client_t *client = ink_client_new (NULL);
    if (client == NULL)
        return ink_error_status (INK_ESYSTEM);
    setvbuf (stdin, NULL, _IONBF, 0);  //  So that poll sees what is left of the input
    setvbuf (stdout, NULL, _IOLBF, 0); //  Replies are shown as they come, also in a pipe
    struct pollfd items[] = {{.fd = 0, .events = POLLIN},
                             {.fd = ink_client_fd (client), .events = POLLIN}};
    bool more = true;
    while (more) {
        int ready = poll (items, 2, 5000);
        if (ready == 0)
            printf ("still here; type ROOT/PATH\n");
        if (ready > 0 && items[1].revents)
            read_replies (client);
        if (ready > 0 && items[0].revents)
            more = read_line (client);
    }
    ink_client_destroy (&client);
    return 0;
}
