/*
 * The record of one execution: entries in a log that all executions append to, one before the hook starts and one when
 * it has ended. Each says all that is known by then, so that one alone is enough; docs/protocol.md has how it looks.
 * It outlives the death of any process, not a power cut: nothing here waits for the disk.
 */
#include "record.h"
#include "begin.h"
#include "home.h"
#include "input.h"
#include "run.h"

enum {
    ENTRY_HEADER_BYTES = 16,
    MAX_ATTEMPTS = 4, /* who reads takes the log away as we open it, or write to it */
};

/* An entry is begun, filled with frames, and ended. */
static struct bytes *entry_begin(struct run *run)
{
    static const unsigned char ENTRY_MAGIC[8] = {0xf5, 'H', 'B', 'w'};
    run->entry.length = 0;
    bytes_add(&run->entry, ENTRY_MAGIC, sizeof ENTRY_MAGIC);
    bytes_add(&run->entry, run->token, sizeof run->token);
    return &run->entry;
}

/* Masked, so that nothing in a payload looks like an entry to who looks for the next one behind a torn write. */
static void entry_end(struct run *run)
{
    struct bytes *entry = &run->entry;
    size_t length = entry->length - ENTRY_HEADER_BYTES;
    bytes_add(entry, run->token, sizeof run->token);
    if (entry->failed) return;
    frame_write_number(entry->at + 4, 4, length);
    for (size_t i = 0; i < length; i++) entry->at[ENTRY_HEADER_BYTES + i] ^= run->token[i % sizeof run->token];
}

/* Who has read all of it makes it read-only, reads what came until then, and deletes it. */
static bool is_closed(int file)
{
    struct stat stat;
    return fstat(file, &stat) != 0 || stat.st_nlink == 0 || (stat.st_mode & S_IWUSR) == 0;
}

/* False where there is none to be had that is ours; a closed one is for `append_to` to find. */
static bool open_log(struct run *run, const char *name)
{
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int spool = home_open_inside(run, "spool", true);
    if (spool < 0 && run->home >= 0 && errno == ENOENT) {
        /* Somebody took all of the state directory away. */
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

/* In one write, which the system does not mix with another's; gives back how much of it fitted. */
static size_t write_entry(const struct run *run)
{
    const struct bytes *entry = &run->entry;
    ssize_t written = entry->failed ? 0 : write(run->spool_file, entry->at, entry->length);
    return written < 0 ? 0 : (size_t)written;
}

/* False where it does not fit there; the largest piece that did is kept open. */
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
 * Puts the entry on record; false where that is not possible, with no file open. A log that may not grow for us is as
 * good as none: a caller's limit may be lower than what others wrote, so then it goes to one of our own.
 */
static bool append_entry(struct run *run)
{
    char own_log[64];
    if (append_to_log(run, "log")) return true;
    (void)FORMAT(own_log, sizeof own_log, "log.%s", run->execution_id);
    return append_to_log(run, own_log);
}

/*
 * Over the piece that fitted, since on a full disk there may be room in it and nowhere else. What is left of the piece
 * becomes zeros, which are nothing to who reads.
 */
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
 * Says when we started, so that our process id is not taken for a later one. Once the hook has run for a while, since the
 * system takes its time to tell: 0 is "unknown" until then. Where the log is gone by now there is time until the end: it
 * may be the hook that deletes it, with all of the state directory, and is not to find a new one there.
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

/* What there was to begin with, the captures and the end frame; where the disk is full, what is needed alone. */
static void encode_end(struct run *run, enum end_kind kind, int signal, bool is_complete)
{
    struct bytes *bytes = entry_begin(run);
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[run->is_merged ? STDOUT : STDERR];
    char digest[17];
    if (kind != CUT_OFF && run->is_late) begin_encode(run, bytes);
    else bytes_add(bytes, run->begin.at, run->begin.length);
    if (is_complete && run->settings.store_raw)
        for (int i = 0; i < STREAMS; i++) encode_capture(bytes, &run->streams[i], run->settings.max_bytes);
    size_t start = frame_begin(bytes, FRAME_END);
    field_number(bytes, END_KIND, kind);
    if (signal != 0) field_number(bytes, END_SIGNAL_NUMBER, (uint64_t)signal);
    else field_number(bytes, END_EXIT_CODE, (uint64_t)run->exit_code);
    field_text(bytes, END_REASON, run->reason);
    if (run->duration_us >= 0) {
        int64_t overhead = clock_us() - run->started_us - run->duration_us;
        field_number(bytes, END_DURATION_US, (uint64_t)run->duration_us);
        field_number(bytes, END_OVERHEAD_US, (uint64_t)(overhead > 0 ? overhead : 0));
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
    if (is_complete && stdout_kind_of(&out->kind) >= KIND_JSON)
        field_bytes(bytes, END_STDOUT_HEAD, out->kept, out->kept_length < HEAD_BYTES ? out->kept_length : HEAD_BYTES);
    frame_end(bytes, start);
    entry_end(run);
}

/* A signal that may be the last thing we see: what is known so far goes on record at once. */
void record_signal(struct run *run, int signal)
{
    if (run->spool_file < 0) return;
    stream_count_file(&run->streams[STDIN]);
    encode_end(run, CUT_OFF, signal, true);
    (void)append_entry(run);
}

void record_end(struct run *run)
{
    if (run->settings.home[0] == '\0') return;
    run->is_late = begin_learn_late(run);
    encode_end(run, run->kind, run->signal, true);
    bool is_written = append_entry(run);
    if (!is_written) {
        encode_end(run, run->kind, run->signal, false);
        is_written = append_entry(run);
    }
    if (is_written) run->entry.length = 0;
    overwrite_torn(run);
}

/* An empty entry: what was begun is not ours to tell. */
void record_forget(struct run *run)
{
    if (run->spool_file < 0) return;
    (void)entry_begin(run);
    entry_end(run);
    (void)append_entry(run);
}
