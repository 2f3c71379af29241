//  folder.h: the folder of a store: who has it open, and whether it was left clean.
//
//  A store is written without waiting for the disk. That is safe as long as the machine
//  runs, whatever dies; after a restart of the machine only a store that was closed in order
//  can be trusted. The file `mark` says so in one line:
//
//      inkling-cache VERSION BOOT STATE
//
//  STATE is `open` from the first opening, `clean` once the last process has closed it and
//  all is on the disk. `open` is trusted during the boot it names. What is not trusted is
//  moved to the folder `bad`.
//
//  Byte 0 of the mark is locked while a process opens, closes or replaces the store (the
//  door), byte 1 is shared by all who have it open, so the first and the last one know that
//  they are, byte 2 by who writes (the pen). Each wait for a lock has an end: who holds it
//  may be stopped.
//
//  A store can be set aside or removed while others have it open. They see by the file's
//  number that it is another one now, and open that.

#ifndef INK_FOLDER_H_INCLUDED
#define INK_FOLDER_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define INK_BOOT_MOST 64

typedef struct {
    int folder, mark; //  Descriptors
    bool first;       //  Nobody else had the store open when we came
    bool pen_missed;  //  The last time that the pen was asked for
    uint64_t asides;  //  Stores that we have moved aside
    char boot[INK_BOOT_MOST];
} ink_folder_t;

//  Opens the folder, made with its parents when missing, with mode 0700. Returns a
//  descriptor; -1 and errno.
int ink_folder_make (const char *path);

//  Which boot of the machine this is; "" when it does not tell.
void ink_folder_boot (char boot[INK_BOOT_MOST]);

//  Takes `folder`, a descriptor, and the door. The first one to come moves a store that
//  cannot be trusted aside and marks it as open. -1 and errno: the folder is left again.
int ink_folder_enter (ink_folder_t *self, int folder, const char *boot);

//  Takes `folder`, a descriptor, and the door, without having the store open. -1 and errno:
//  the folder is left again.
int ink_folder_visit (ink_folder_t *self, int folder);

//  Takes the door once more; false when somebody else holds it for longer than that.
bool ink_folder_knock (ink_folder_t *self, int64_t patience_us);

//  Behind the door: moves the store to `bad`, in place of what was there. -1 and errno.
int ink_folder_aside (ink_folder_t *self);

//  Behind the door: removes the store, and what was set aside. -1 and errno.
int ink_folder_remove (ink_folder_t *self);

//  Lets others through the door, and stays.
void ink_folder_settle (ink_folder_t *self);

//  The number of the data's file, and its length; 0 when there is none.
ino_t ink_folder_data (const ink_folder_t *self, off_t *size);

//  Brings the data to the disk.
bool ink_folder_sync (const ink_folder_t *self);

//  The pen, for one step of writing. Waits but shortly, and not at all when the last wait
//  was in vain.
bool ink_folder_take_pen (ink_folder_t *self);
void ink_folder_give_pen (ink_folder_t *self);

//  Takes the door; true when nobody else has the store open.
bool ink_folder_last (ink_folder_t *self);

//  Writes the mark when the store is left clean, and leaves. For that it must be closed, be
//  on the disk, and ours alone.
void ink_folder_leave (ink_folder_t *self, bool clean);

#endif
