/*
 * The record of an execution: entries in a log that all executions append to, one before the hook starts and one after
 * its end. Each entry has all that is known by then, so that one is enough; docs/protocol.md has the format. The log
 * survives the death of any process, but not a power cut: nothing here waits for the disk.
 */
#include "record.h"
#include "begin.h"
#include "home.h"
#include "input.h"
#include "run.h"

enum {
    ENTRY_HEADER_BYTES = 16,
    MAX_ATTEMPTS = 4, /* a reader may remove the log while it is opened or written */
};

/* Begins an entry; frames and `entry_end` follow. */
static struct bytes *entry_begin(struct run *run)
{
    static const unsigned char ENTRY_MAGIC[8] = {0xf5, 'H', 'B', 'w'};
    run->entry.length = 0;
    bytes_add(&run->entry, ENTRY_MAGIC, sizeof ENTRY_MAGIC);
    bytes_add(&run->entry, run->token, sizeof run->token);
    return &run->entry;
}

/* Masks the frames: a reader that resynchronises after a torn write must not find an entry in a payload. */
static void entry_end(struct run *run)
{
    struct bytes *entry = &run->entry;
    size_t length = entry->length - ENTRY_HEADER_BYTES;
    bytes_add(entry, run->token, sizeof run->token);
    if (entry->failed) return;
    frame_write_number(entry->at + 4, 4, length);
    for (size_t i = 0; i < length; i++) entry->at[ENTRY_HEADER_BYTES + i] ^= run->token[i % sizeof run->token];
}

/* A reader at the end of the log makes it read-only, reads what was added meanwhile, and deletes it. */
static bool is_closed(int file)
{
    struct stat stat;
    return fstat(file, &stat) != 0 || stat.st_nlink == 0 || (stat.st_mode & S_IWUSR) == 0;
}

/* False if the user cannot have one; `append_to_log` notices a closed one. */
static bool open_log(struct run *run, const char *name)
{
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int spool = home_open_inside(run, "spool", true);
    if (spool < 0 && run->home >= 0 && errno == ENOENT) {
        /* Somebody removed the state directory. */
        close(run->home);
        (void)home_open(run);
        spool = home_open_inside(run, "spool", true);
    }
    if (spool < 0) return false;
    run->spool_file = openat(spool, name, flags, 0600);
    close(spool);
    if (run->spool_file < 0) return false;
    if (home_is_own_file(run->spool_file)) return true;
    close(run->spool_file);
    run->spool_file = -1;
    return false;
}

/* One write, which the system does not mix with others; returns how many bytes fitted. */
static size_t write_entry(const struct run *run)
{
    const struct bytes *entry = &run->entry;
    ssize_t written = entry->failed ? 0 : write(run->spool_file, entry->at, entry->length);
    return written < 0 ? 0 : (size_t)written;
}

/* False if the entry does not fit; the file with the longest torn entry stays open. */
static bool append_to_log(struct run *run, const char *name)
{
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        if (run->spool_file < 0 && !open_log(run, name)) return false;
        int file = run->spool_file;
        size_t written = write_entry(run);
        bool is_whole = !run->entry.failed && written == run->entry.length;
        if (is_whole && !is_closed(file)) return true;
        run->spool_file = -1;
        if (!is_whole && written > run->torn_bytes) {
            run->torn_bytes = written;
            run->torn_file = file;
            return false;
        }
        close(file);
        if (!is_whole) return false;
    }
    return false;
}

/*
 * Appends the entry; false on failure, with no file open. The caller's file size limit may be below the size of the
 * common log; then the entry goes to a log of its own.
 */
static bool append_entry(struct run *run)
{
    char own_log[64];
    if (append_to_log(run, "log")) return true;
    (void)FORMAT(own_log, sizeof own_log, "log.%s", run->execution_id);
    return append_to_log(run, own_log);
}

/* Overwrites the torn entry: on a full disk there may be no room elsewhere. Zeros, which readers skip, fill the rest. */
static void overwrite_torn(struct run *run)
{
    struct bytes *entry = &run->entry;
    if (run->torn_bytes == 0 || entry->length > run->torn_bytes) return;
    while (entry->length < run->torn_bytes && !entry->failed) bytes_add(entry, "", 1);
    off_t at = lseek(run->torn_file, 0, SEEK_CUR) - (off_t)run->torn_bytes;
    if (!entry->failed && fcntl(run->torn_file, F_SETFL, 0) == 0)
        (void)!pwrite(run->torn_file, entry->at, entry->length, at);
}

static void encode_only_begin(struct run *run)
{
    bytes_add(entry_begin(run), run->begin.at, run->begin.length);
    entry_end(run);
}

void record_begin(struct run *run)
{
    if (run->settings.home[0] == '\0') return;
    encode_only_begin(run);
    (void)append_entry(run);
}

/*
 * Adds the launcher's start time, which distinguishes its process id from a reused one. Reading it takes time, so this
 * waits until the hook has run for a while; until then it is 0, "unknown". If the log is gone, the end entry has it:
 * the hook itself may be deleting the state directory, and must not find a new one.
 */
void record_pid_start(struct run *run)
{
    struct process self;
    if (run->spool_file < 0 || !process_read(run->pid, &self)) return;
    run->pid_start = self.start;
    frame_write_number(run->begin.at + run->pid_start_at, 8, self.start);
    encode_only_begin(run);
    (void)write_entry(run);
}

static void encode_capture(struct bytes *bytes, const struct stream *stream, uint64_t max)
{
    size_t length = stream->kept_length < max ? stream->kept_length : (size_t)max;
    size_t start = frame_begin(bytes, FRAME_CAPTURE);
    field_number(bytes, CAPTURE_STREAM, (uint64_t)stream->number);
    field_number(bytes, CAPTURE_TRUNCATED, stream->total > length || (stream->number == STDIN && stream->is_incomplete));
    field_bytes(bytes, CAPTURE_BYTES, stream->kept, length);
    frame_end(bytes, start);
}

/* Whether stdout may be an answer, or go into the agent's context. */
static bool may_be_answer(const struct run *run)
{
    enum kind_of_stdout kind = stdout_kind_of(&run->streams[STDOUT].kind);
    return kind >= KIND_JSON || (kind == KIND_TEXT && begin_takes_text(run));
}

/* The begin, the captures and the end; without `is_complete` only the essentials, for a full disk. */
static void encode_end(struct run *run, enum end_kind kind, int signal, bool is_complete)
{
    struct bytes *bytes = entry_begin(run);
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[run->is_merged ? STDOUT : STDERR];
    char digest[17];
    if (kind != INTERRUPTED && run->is_late) begin_encode(run, bytes);
    else bytes_add(bytes, run->begin.at, run->begin.length);
    if (is_complete && run->settings.store_raw)
        for (int i = 0; i < STREAMS; i++) encode_capture(bytes, &run->streams[i], run->settings.max_bytes);
    size_t start = frame_begin(bytes, FRAME_END);
    field_number(bytes, END_KIND, kind);
    if (signal != 0) field_number(bytes, END_SIGNAL_NUMBER, (uint64_t)signal);
    else if (kind != INTERRUPTED) field_number(bytes, END_EXIT_CODE, (uint64_t)run->exit_code);
    field_text(bytes, END_REASON, run->reason);
    if (run->duration_us >= 0) {
        int64_t overhead = clock_us() - run->started_us - run->duration_us;
        field_number(bytes, END_DURATION_US, (uint64_t)run->duration_us);
        if (run->hook == 0) field_number(bytes, END_OVERHEAD_US, (uint64_t)(overhead > 0 ? overhead : 0));
    }
    field_number(bytes, END_STDIN_BYTES, run->streams[STDIN].total);
    field_number(bytes, END_STDOUT_BYTES, out->total);
    field_number(bytes, END_STDERR_BYTES, run->streams[STDERR].total);
    field_number(bytes, END_STDOUT_KIND, stdout_kind_of(&out->kind));
    if (out->total > 0) {
        sha256_hex(out->digest, digest, 16);
        field_text(bytes, END_STDOUT_DIGEST, digest);
    }
    field_bytes(bytes, END_STDERR_TAIL, err->tail, is_complete ? err->tail_length : 0);
    if (run->claim.key.length > 0) field_bytes(bytes, END_DEDUPE_KEY, run->claim.key.at, run->claim.key.length);
    if (is_complete && may_be_answer(run))
        field_bytes(bytes, END_STDOUT_HEAD, out->kept, out->kept_length < HEAD_BYTES ? out->kept_length : HEAD_BYTES);
    frame_end(bytes, start);
    entry_end(run);
}

/* The launcher may die by this signal, so it records at once what is known. */
void record_signal(struct run *run, int signal)
{
    if (run->spool_file < 0) return;
    stream_count_file(&run->streams[STDIN]);
    encode_end(run, INTERRUPTED, signal, true);
    (void)append_entry(run);
}

/* The launcher was killed while the hook ran. */
void record_death(struct run *run)
{
    encode_end(run, INTERRUPTED, 0, false);
    (void)append_entry(run);
}

void record_end(struct run *run)
{
    if (run->settings.home[0] == '\0') return;
    run->is_late = begin_rescan(run);
    encode_end(run, run->kind, run->signal, true);
    bool is_written = append_entry(run);
    if (!is_written) {
        encode_end(run, run->kind, run->signal, false);
        is_written = append_entry(run);
    }
    if (is_written) run->entry.length = 0;
    overwrite_torn(run);
}

/* An empty entry withdraws the record: the launcher becomes the hook, and cannot see how it ends. */
void record_retract(struct run *run)
{
    if (run->spool_file < 0) return;
    (void)entry_begin(run);
    entry_end(run);
    (void)append_entry(run);
}
