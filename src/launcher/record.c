/*
 * The record of one execution: entries in a log that all executions append to, one before the hook starts and one when
 * it has ended. Each says all that is known by then, so that one alone is enough; docs/protocol.md has how it looks.
 * It outlives the death of any process, not a power cut: nothing here waits for the disk.
 */
#include "launcher.h"

enum {
    MAX_LOG_BYTES = 1024 * 1024,
    ENTRY_HEADER_BYTES = 16,
    MOST_TRIES = 4, /* who reads takes the log away as we open it, or write to it */
};

/* An entry is begun, filled with frames, and ended. */
static struct bytes *entry_begin(struct run *run)
{
    static const unsigned char WAITING[8] = {0xf5, 'H', 'B', 'w'};
    run->entry.length = 0;
    bytes_add(&run->entry, WAITING, sizeof WAITING);
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
    for (int i = 0; i < 4; i++) entry->at[4 + i] = (unsigned char)(length >> (8 * i));
    for (size_t i = 0; i < length; i++) entry->at[ENTRY_HEADER_BYTES + i] ^= run->token[i % sizeof run->token];
}

/* Who has read all of it makes it read-only, reads what came until then, and deletes it. */
static bool is_closed(int file)
{
    struct stat stat;
    return fstat(file, &stat) != 0 || stat.st_nlink == 0 || (stat.st_mode & S_IWUSR) == 0;
}

/* Somebody took the spool away, or all of the state directory. */
static void open_anew(struct run *run)
{
    int *const directories[] = {&run->spool, &run->gates, &run->home};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        if (*directories[i] >= 0) close(*directories[i]);
        *directories[i] = -1;
    }
    (void)open_home(run);
}

/* False where there is none to be had that is ours; a closed one is for `append` to find. */
static bool open_log(struct run *run, const char *name)
{
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    off_t size;
    for (int attempt = 0; attempt < 2; attempt++) {
        if (attempt > 0) open_anew(run);
        if (run->home < 0 || open_in_home(run, &run->spool, "spool", true) < 0) return false;
        run->spool_file = openat(run->spool, name, flags, 0600);
        if (run->spool_file >= 0 || errno != ENOENT) break;
    }
    if (run->spool_file < 0) return false;
    if (is_own_file(run->spool_file, &size) || is_closed(run->spool_file)) return true;
    close(run->spool_file);
    run->spool_file = -1;
    return false;
}

/* Zeros are nothing to who reads, and may make room again. */
static void wipe(int file, off_t at, size_t length)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    if (length > 0) (void)fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, (off_t)length);
#else
    (void)file, (void)at, (void)length;
#endif
}

/* In one write, which the system does not mix with another's. What did not all fit leaves a piece: `torn` bytes. */
static bool write_entry(int file, const struct bytes *entry, size_t *torn)
{
    ssize_t written;
    *torn = 0;
    if (entry->failed) return false;
    do written = write(file, entry->at, entry->length);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)entry->length) return true;
    if (written >= 0) errno = ENOSPC;
    if (written > 0) *torn = (size_t)written;
    return false;
}

/* Where the disk is full there may be room in the piece that fitted, and nowhere else. It is the last in our file so far. */
static bool write_over(struct run *run)
{
    const struct bytes *entry = &run->entry;
    int file = run->torn_file;
    if (file < 0) return false;
    run->torn_file = -1;
    off_t at = lseek(file, 0, SEEK_CUR) - (off_t)run->torn_bytes;
    if (run->torn_bytes >= entry->length && !entry->failed && fcntl(file, F_SETFL, 0) == 0 &&
        pwrite(file, entry->at, entry->length, at) == (ssize_t)entry->length && !is_closed(file)) {
        wipe(file, at + (off_t)entry->length, run->torn_bytes - entry->length);
        run->spool_file = file;
        return true;
    }
    wipe(file, at, run->torn_bytes);
    close(file);
    return false;
}

/*
 * Puts the entry on record; false where that is not possible, with no file open. A log that may not grow for us is as
 * good as none: a caller's limit may be lower than what others wrote, so then it goes to one of our own.
 */
static bool append(struct run *run)
{
    char own[64];
    const char *name = "log";
    size_t torn;
    for (int attempt = 0; attempt < MOST_TRIES; attempt++) {
        if (run->spool_file < 0 && !open_log(run, name)) break;
        if (write_entry(run->spool_file, &run->entry, &torn)) {
            if (!is_closed(run->spool_file)) return true;
        } else {
            report(run, "record");
            (void)JOIN(own, sizeof own, "log.", run->execution_id);
            if (name == own) attempt = MOST_TRIES;
            name = own;
        }
        if (torn > 0 && run->torn_file < 0) {
            run->torn_file = run->spool_file;
            run->torn_bytes = torn;
        } else {
            close(run->spool_file);
        }
        run->spool_file = -1;
    }
    return false;
}

static void put_on_record(struct run *run)
{
    (void)append(run);
    (void)write_over(run);
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
    put_on_record(run);
}

/*
 * Says when we started, so that our process id is not taken for a later one. Once the hook has run for a while, since the
 * system takes its time to tell: 0 is "unknown" until then. Where the log is gone by now there is time until the end: it
 * may be the hook that deletes it, with all of the state directory, and is not to find a new one there.
 */
void record_pid_start(struct run *run)
{
    struct process self;
    size_t torn;
    if (run->spool_file < 0 || !read_process(run->pid, &self)) return;
    run->pid_start = self.start;
    write_number(run->begin.at + run->pid_start_at, self.start);
    encode_only_begin(run);
    if (write_entry(run->spool_file, &run->entry, &torn)) return;
    wipe(run->spool_file, lseek(run->spool_file, 0, SEEK_CUR) - (off_t)torn, torn);
}

static void encode_capture(struct bytes *bytes, const struct stream *stream, uint64_t which, uint64_t most)
{
    size_t length = stream->kept_length < most ? stream->kept_length : (size_t)most;
    size_t start = frame_begin(bytes, FRAME_CAPTURE);
    field_number(bytes, CAPTURE_STREAM, which);
    field_number(bytes, CAPTURE_TRUNCATED,
                 stream->total > length || (stream->number == STDIN && stream->is_cut));
    field_bytes(bytes, CAPTURE_BYTES, stream->kept, length);
    frame_end(bytes, start);
}

/* What there was to begin with, the captures and the end frame; where the disk is full, what is needed alone. */
static void encode_end(struct run *run, enum end_kind kind, int signal, bool is_full)
{
    struct bytes *bytes = entry_begin(run);
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[run->is_merged ? STDOUT : STDERR];
    char digest[17];
    if (kind != CUT_OFF && run->is_late) encode_begin(run, bytes);
    else bytes_add(bytes, run->begin.at, run->begin.length);
    if (is_full && run->settings.store_raw)
        for (int i = 0; i < STREAMS; i++) encode_capture(bytes, &run->streams[i], (uint64_t)i, run->settings.max_bytes);
    size_t start = frame_begin(bytes, FRAME_END);
    field_number(bytes, END_KIND, kind);
    if (signal != 0) field_number(bytes, END_SIGNAL_NUMBER, (uint64_t)signal);
    else field_number(bytes, END_EXIT_CODE, (uint64_t)run->exit_code);
    field_text(bytes, END_REASON, run->reason);
    if (run->duration_us >= 0) {
        int64_t overhead = now_us() - run->started_us - run->duration_us;
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
    field_bytes(bytes, END_STDERR_TAIL, err->tail, is_full ? err->tail_length : 0);
    if (run->claim.key.length > 0) field_bytes(bytes, END_DEDUPE_KEY, run->claim.key.at, run->claim.key.length);
    if (is_full && stdout_kind_of(&out->kind) >= KIND_JSON)
        field_bytes(bytes, END_STDOUT_HEAD, out->kept, out->kept_length < HEAD_BYTES ? out->kept_length : HEAD_BYTES);
    frame_end(bytes, start);
    entry_end(run);
}

/* A signal that may be the last thing we see: what is known so far goes on record at once. */
void record_signal(struct run *run, int signal)
{
    if (run->spool_file < 0) return;
    input_count_file(&run->streams[STDIN]);
    encode_end(run, CUT_OFF, signal, true);
    put_on_record(run);
}

void record_end(struct run *run)
{
    if (run->settings.home[0] == '\0') return;
    run->is_late = learn_late(run);
    encode_end(run, run->kind, run->signal, true);
    if (!append(run)) encode_end(run, run->kind, run->signal, false);
    if (!write_over(run) && run->spool_file < 0) put_on_record(run);
}

/* An empty entry: what was begun is not ours to tell. */
void record_forget(struct run *run)
{
    if (run->spool_file < 0) return;
    (void)entry_begin(run);
    entry_end(run);
    put_on_record(run);
}

/* Says on the log file what went wrong inside HookBus, under HOOKBUS_DEBUG; never on a stream of the hook. */
void report(const struct run *run, const char *what)
{
    char line[512];
    off_t size;
    struct timespec now;
    struct tm utc;
    int error = errno;
    if (!run->settings.debug || run->settings.home[0] == '\0') return;
    int log = openat(run->home, "hookbus.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600);
    if (log < 0) return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    length += (size_t)snprintf(line + length, sizeof line - length, ".%03dZ pid=%d failed=\"%s\" reason=\"%s\"\n",
                               (int)(now.tv_nsec / 1000000), (int)run->pid, what, strerror(error));
    if (is_own_file(log, &size) && size <= MAX_LOG_BYTES) (void)!write(log, line, length);
    close(log);
    errno = error;
}
