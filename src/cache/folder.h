//  folder.h: the folder of a store: who has it open, and whether it was left clean.
//
//  A store is written without waiting for the disk. That is safe as long as the machine
//  runs, whatever dies; after a restart of the machine only a store that was closed in order
//  can be trusted. The file `mark` says so in one line:
//
//      inkling-cache VERSION BOOT STATE
//
//  STATE is `open` from the first opening, `clean` once the last process has closed it and
//  all is on the disk, `broken` when a process found its structure damaged. `open` is
//  trusted during the boot it names. What is not trusted is moved to the folder `bad`.
//
//  Byte 0 of the mark is locked while a process opens or closes the store (the door), byte 1
//  is shared by all who have it open, so the first and the last one know that they are.

#ifndef INK_FOLDER_H_INCLUDED
#define INK_FOLDER_H_INCLUDED

#include <stdbool.h>

#define INK_BOOT_MOST 64

typedef struct {
    int folder, mark; //  Descriptors
    bool first;       //  Nobody else had the store open when we came
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

//  Moves the store to `bad`, in place of what was there. Only for the first.
int ink_folder_aside (ink_folder_t *self);

//  Lets others through the door, and stays.
void ink_folder_settle (ink_folder_t *self);

//  Takes the door; true when nobody else has the store open.
bool ink_folder_last (ink_folder_t *self);

typedef enum { INK_LEFT_OPEN, INK_LEFT_CLEAN, INK_LEFT_BROKEN } ink_left_t;

//  Writes the mark, unless it is left open, and leaves. To be left clean, the store must be
//  closed, be on the disk, and ours alone.
void ink_folder_leave (ink_folder_t *self, ink_left_t left);

#endif
