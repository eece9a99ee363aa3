/*
 * The record of one execution: a file in the spool, begun before the hook starts, renamed when it has ended.
 * It outlives the death of any process, not a power cut: nothing here waits for the disk.
 */
#include "launcher.h"

enum {
    MAX_LOG_BYTES = 1024 * 1024,
    SPARES = 16,    /* as in src/spool/spares.ts */
    MOST_LOOKS = 3, /* for one of them: each costs a little, and making a file is what they save */
};

/* What the record is called while the hook runs. */
static const char *begun_name(struct run *run)
{
    (void)JOIN(run->record, PATH_BYTES, run->execution_id, ".part");
    return run->record;
}

/* And when it has ended; right behind that. */
static const char *ended_name(struct run *run)
{
    char *name = run->record + strlen(begun_name(run)) + 1;
    (void)JOIN(name, PATH_BYTES, run->execution_id, ".rec");
    return name;
}

static int create(struct run *run, const char *name)
{
    if (open_in_home(run, &run->spool, "spool", true) < 0) return -1;
    return openat(run->spool, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/*
 * An empty file that the daemon left for the next record, under its name; -1 where there is none. Some file systems
 * take 0.2 ms to make a new one, and the hook would wait for that.
 */
static int take_spare(struct run *run, const char *name)
{
    char number[4];
    if (open_in_home(run, &run->spool, "spool", false) < 0) return -1;
    if (open_in_home(run, &run->spares, "spares", false) < 0) return -1;
    for (int look = 0; look < MOST_LOOKS; look++) {
        snprintf(number, sizeof number, "%d", (int)((run->pid + look) % SPARES));
        off_t size;
        if (renameat(run->spares, number, run->spool, name) != 0) continue;
        /* It is what we took it for, or is swept away: no link to another file, none to wait for, nothing old in it. */
        int file = openat(run->spool, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file >= 0 && is_own_file(file, &size) && size == 0) return file;
        if (file >= 0) close(file);
        (void)unlinkat(run->spool, name, 0);
        return -1;
    }
    return -1;
}

/* Somebody took the spool away, or all of the state directory. */
static void open_anew(struct run *run)
{
    int *const directories[] = {&run->spool, &run->spares, &run->gates, &run->home};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        if (*directories[i] >= 0) close(*directories[i]);
        *directories[i] = -1;
    }
    open_home(run);
}

static bool write_all(int file, const struct bytes *bytes)
{
    for (size_t at = 0; at < bytes->length;) {
        ssize_t written = write(file, bytes->at + at, bytes->length - at);
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) at += (size_t)written;
    }
    return !bytes->failed;
}

void record_begin(struct run *run)
{
    if (run->settings.home[0] == '\0') return;
    const char *name = begun_name(run);
    run->spool_file = take_spare(run, name);
    if (run->spool_file < 0) run->spool_file = create(run, name);
    if (run->spool_file < 0 && errno == ENOENT) {
        open_anew(run);
        if (run->home >= 0) run->spool_file = create(run, name);
    }
    if (run->spool_file >= 0 && write_all(run->spool_file, &run->begin)) return;
    report(run, "begin record");
    if (run->spool_file < 0) return;
    (void)unlinkat(run->spool, name, 0);
    close(run->spool_file);
    run->spool_file = -1;
}

/*
 * When we started, so that our process id is not taken for a later one. Once the hook has run for a while, since the
 * system takes its time to tell: 0 is "unknown" until then.
 */
void record_pid_start(struct run *run)
{
    unsigned char number[8];
    struct process self;
    if (run->spool_file < 0 || !read_process(run->pid, &self)) return;
    run->pid_start = self.start;
    write_number(number, self.start);
    memcpy(run->begin.at + run->pid_start_at, number, sizeof number);
    (void)!pwrite(run->spool_file, number, sizeof number, run->pid_start_at);
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

/* The captures and the end frame; where the disk is full, what is needed alone. */
static void encode_end(struct run *run, enum end_kind kind, int signal, bool is_full, struct bytes *bytes)
{
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[run->is_merged ? STDOUT : STDERR];
    char digest[17];
    bytes->length = 0;
    /* The last one counts. A full disk may still have room for the end alone. */
    if (is_full && kind != CUT_OFF && run->is_late) encode_begin(run, bytes);
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
    frame_end(bytes, start);
}

/* A signal that may be the last thing we see: what is known so far goes on record at once. */
void record_signal(struct run *run, int signal)
{
    if (run->spool_file < 0) return;
    count_file(&run->streams[STDIN]);
    encode_end(run, CUT_OFF, signal, true, &run->end);
    if (!write_all(run->spool_file, &run->end)) report(run, "note signal");
}

void record_end(struct run *run)
{
    if (run->settings.home[0] == '\0') return;
    const char *whole = ended_name(run), *part = run->record;
    bool is_full = true;
    run->is_late = learn_late(run);
    for (int attempt = 0; attempt < 3; attempt++) {
        /* It could not be begun, or was swept away meanwhile: a record is whole or not there. */
        if (run->spool_file < 0) record_begin(run);
        if (run->spool_file < 0) break;
        encode_end(run, run->kind, run->signal, is_full, &run->end);
        if (!write_all(run->spool_file, &run->end)) {
            report(run, "end record");
            off_t begun = (off_t)run->begin.length;
            if (ftruncate(run->spool_file, begun) != 0 || lseek(run->spool_file, begun, SEEK_SET) != begun) break;
            is_full = false;
        } else if (renameat(run->spool, part, run->spool, whole) == 0) {
            break;
        } else {
            report(run, "rename record");
            close(run->spool_file);
            run->spool_file = -1;
        }
    }
}

void record_forget(struct run *run)
{
    if (run->spool_file >= 0) (void)unlinkat(run->spool, begun_name(run), 0);
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
