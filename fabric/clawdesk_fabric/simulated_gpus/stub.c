/* A stand-in for libnvidia-ml.so: the calls that programs make to watch GPUs, answered from a file.
 *
 * The file named by $CLAWDESK_SIMULATED_GPUS is written by state.py, which says what each line means.
 * It is replaced whole, never changed in place, so a look at its inode, size and time tells whether
 * it must be read again. The driver version holds the word "stub", by which the product marks its
 * figures as simulated. Memory of a process ends with the process, as with a real driver.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
enum { OK = 0, UNINITIALISED = 1, INVALID = 2, UNSUPPORTED = 3, NO_PERMISSION = 4, TOO_SMALL = 7 };
enum { DRIVER = 9, NO_FUNCTION = 13, LOST = 15, RESET = 16, MISMATCH = 18, OTHER_VERSION = 25 };
enum { UNKNOWN = 999, GPUS_MAX = 64, PROCESSES_MAX = 1024, TEXT_MAX = 96, RULES_MAX = 64 };
#define ALL (-1)
#define MEMORY_V2 0x02000028u
#define HANG_LOOK_NS 5000000l

typedef unsigned long long bytes_t;
struct gpu {
    int there, error;
    char uuid[TEXT_MAX];
    unsigned long total_mib, reserved_mib, other_mib;
    unsigned percent, celsius, milliwatts;
};
struct process { int gpu; unsigned pid; unsigned long mib; };
struct rule { int gpu; char figure[32]; }; /* `gpu` ALL: on each, and calls that are of none */
struct running { unsigned pid; bytes_t used; unsigned instance, compute_instance; };
struct memory_v1 { bytes_t total, free, used; };
struct memory_v2 { unsigned version; bytes_t total, reserved, free, used; };
struct temperature { unsigned version; int sensor; int celsius; };

static struct {
    char driver[TEXT_MAX];
    int answer, epoch, gpu_count, process_count, missing_count, hang_count;
    struct gpu gpus[GPUS_MAX];
    struct process processes[PROCESSES_MAX];
    struct rule missing[RULES_MAX], hang[RULES_MAX];
} state;
static struct stat seen;
static int opened, opened_epoch, handles[GPUS_MAX];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void read_line(const char *line) {
    struct gpu gpu = {.there = 1};
    struct process process;
    struct rule rule;
    int index;
    if (sscanf(line, "gpu %d %95s %lu %lu %lu %u %u %u %d", &index, gpu.uuid, &gpu.total_mib,
               &gpu.reserved_mib, &gpu.other_mib, &gpu.percent, &gpu.celsius, &gpu.milliwatts,
               &gpu.error) == 9 && index >= 0 && index < GPUS_MAX) {
        state.gpus[index] = gpu;
        if (index >= state.gpu_count) state.gpu_count = index + 1;
    } else if (sscanf(line, "process %d %u %lu", &process.gpu, &process.pid, &process.mib) == 3) {
        if (state.process_count < PROCESSES_MAX) state.processes[state.process_count++] = process;
    } else if (sscanf(line, "missing %d %31s", &rule.gpu, rule.figure) == 2) {
        if (state.missing_count < RULES_MAX) state.missing[state.missing_count++] = rule;
    } else if (sscanf(line, "hang %d %31s", &rule.gpu, rule.figure) == 2) {
        if (state.hang_count < RULES_MAX) state.hang[state.hang_count++] = rule;
    } else if (sscanf(line, "driver %95s", state.driver) != 1 &&
               sscanf(line, "answer %d", &state.answer) != 1) {
        sscanf(line, "epoch %d", &state.epoch);
    }
}

/* Read the file again if it is another one now. Without a file there is no driver. */
static void refresh(void) {
    const char *path = getenv("CLAWDESK_SIMULATED_GPUS");
    struct stat now = {0};
    char line[512];
    FILE *file;
    if (!path || stat(path, &now)) {
        memset(&state, 0, sizeof state);
        memset(&seen, 0, sizeof seen);
        state.answer = DRIVER;
        return;
    }
    if (now.st_ino == seen.st_ino && now.st_size == seen.st_size &&
        now.st_mtim.tv_sec == seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec)
        return;
    if (!(file = fopen(path, "r"))) return;
    fstat(fileno(file), &seen);
    memset(&state, 0, sizeof state);
    while (fgets(line, sizeof line, file)) read_line(line);
    fclose(file);
}

static int listed(const struct rule *rules, int count, int gpu, const char *figure) {
    for (int i = 0; i < count; i++)
        if ((rules[i].gpu == ALL || rules[i].gpu == gpu) && !strcmp(rules[i].figure, figure))
            return 1;
    return 0;
}

/* Take the turn with the file fresh, after waiting while this call is told to hang. */
static void begin(int gpu, const char *figure) {
    const struct timespec pause = {0, HANG_LOOK_NS};
    for (;;) {
        pthread_mutex_lock(&turn);
        refresh();
        if (!listed(state.hang, state.hang_count, gpu, figure)) return;
        pthread_mutex_unlock(&turn);
        nanosleep(&pause, NULL);
    }
}
static int end(int result) {
    pthread_mutex_unlock(&turn);
    return result;
}

/* What a call that is of no GPU answers, with the turn taken. */
static int driver_answers(const char *figure) {
    begin(ALL, figure);
    if (!opened) return UNINITIALISED;
    if (state.answer) return state.answer;
    /* The driver was loaded anew since: this session talks to the one that is gone. */
    return opened_epoch == state.epoch ? OK : UNKNOWN;
}

/* A copy of the GPU behind a handle, and the index; or why it does not answer. */
static int look(void *handle, const char *figure, struct gpu *found, int *index) {
    int result = OK;
    *index = (int)((int *)handle - handles);
    begin(*index, figure);
    if (!opened) result = UNINITIALISED;
    else if (state.answer) result = state.answer;
    else if (opened_epoch != state.epoch) result = LOST;
    else if (*index < 0 || *index >= state.gpu_count || !state.gpus[*index].there) result = LOST;
    else if (state.gpus[*index].error) result = state.gpus[*index].error;
    else if (listed(state.missing, state.missing_count, *index, figure)) result = UNSUPPORTED;
    else *found = state.gpus[*index];
    return end(result);
}
#define LOOK(figure) \
    struct gpu gpu; \
    int index, wrong = look(handle, figure, &gpu, &index); \
    (void)index; \
    if (wrong) return wrong

static int alive(unsigned pid) { return !kill((pid_t)pid, 0) || errno == EPERM; }

/* Memory of the processes that live, in MiB. */
static unsigned long held_mib(int index) {
    unsigned long sum = 0;
    pthread_mutex_lock(&turn);
    for (int i = 0; i < state.process_count; i++)
        if (state.processes[i].gpu == index && alive(state.processes[i].pid))
            sum += state.processes[i].mib;
    pthread_mutex_unlock(&turn);
    return sum;
}
static bytes_t bytes(unsigned long mib) { return (bytes_t)mib << 20; }

EXPORT int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    begin(ALL, "init");
    if (state.answer) return end(state.answer);
    opened++;
    opened_epoch = state.epoch;
    return end(OK);
}
EXPORT int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
EXPORT int nvmlShutdown(void) {
    pthread_mutex_lock(&turn);
    if (!opened) return end(UNINITIALISED);
    opened--;
    return end(OK);
}
EXPORT const char *nvmlErrorString(int error) {
    switch (error) {
    case UNINITIALISED: return "Uninitialized";
    case INVALID: return "Invalid Argument";
    case UNSUPPORTED: return "Not Supported";
    case NO_PERMISSION: return "Insufficient Permissions";
    case DRIVER: return "Driver Not Loaded";
    case NO_FUNCTION: return "Function Not Found";
    case LOST: return "GPU is lost";
    case RESET: return "GPU requires reset";
    case MISMATCH: return "RM has detected an NVML/RM version mismatch.";
    default: return "Unknown Error";
    }
}
EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    int wrong = driver_answers("driver");
    if (!wrong) snprintf(text, size, "%s", state.driver);
    return end(wrong);
}
EXPORT int nvmlSystemGetNVMLVersion(char *text, unsigned size) {
    return nvmlSystemGetDriverVersion(text, size);
}
EXPORT int nvmlSystemGetCudaDriverVersion(int *version) {
    *version = 12040;
    return end(driver_answers("cuda"));
}
EXPORT int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    return nvmlSystemGetCudaDriverVersion(version);
}
EXPORT int nvmlDeviceGetCount_v2(unsigned *count) {
    int wrong = driver_answers("count");
    *count = (unsigned)state.gpu_count;
    return end(wrong);
}
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    int wrong = driver_answers("handle");
    if (!wrong && (index >= (unsigned)state.gpu_count || !state.gpus[index].there)) wrong = INVALID;
    if (!wrong) wrong = state.gpus[index].error;
    if (!wrong) *handle = &handles[index];
    return end(wrong);
}
EXPORT int nvmlDeviceGetIndex(void *handle, unsigned *found) {
    LOOK("index");
    *found = (unsigned)index;
    return OK;
}
EXPORT int nvmlDeviceGetName(void *handle, char *text, unsigned size) {
    LOOK("name");
    snprintf(text, size, "Simulated GPU %d", index);
    return OK;
}
EXPORT int nvmlDeviceGetUUID(void *handle, char *text, unsigned size) {
    LOOK("uuid");
    snprintf(text, size, "%s", gpu.uuid);
    return OK;
}
EXPORT int nvmlDeviceGetMemoryInfo(void *handle, struct memory_v1 *memory) {
    LOOK("memory");
    /* As real drivers do: what is reserved counts as used here. */
    memory->total = bytes(gpu.total_mib);
    memory->used = bytes(gpu.other_mib + gpu.reserved_mib + held_mib(index));
    memory->free = memory->used < memory->total ? memory->total - memory->used : 0;
    return OK;
}
EXPORT int nvmlDeviceGetMemoryInfo_v2(void *handle, struct memory_v2 *memory) {
    LOOK("memory");
    if (look(handle, "memory_v2", &gpu, &index)) return NO_FUNCTION; /* as a driver before 510 */
    if (memory->version != MEMORY_V2) return OTHER_VERSION;
    memory->total = bytes(gpu.total_mib);
    memory->reserved = bytes(gpu.reserved_mib);
    memory->used = bytes(gpu.other_mib + held_mib(index));
    memory->free = memory->used + memory->reserved < memory->total
                       ? memory->total - memory->reserved - memory->used : 0;
    return OK;
}
EXPORT int nvmlDeviceGetUtilizationRates(void *handle, unsigned *rates) {
    LOOK("utilisation");
    rates[0] = gpu.percent;
    rates[1] = gpu.percent / 2;
    return OK;
}
EXPORT int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned *celsius) {
    (void)sensor;
    LOOK("temperature");
    *celsius = gpu.celsius;
    return OK;
}
EXPORT int nvmlDeviceGetTemperatureV(void *handle, struct temperature *temperature) {
    LOOK("temperature");
    temperature->celsius = (int)gpu.celsius;
    return OK;
}
EXPORT int nvmlDeviceGetPowerUsage(void *handle, unsigned *milliwatts) {
    LOOK("power");
    *milliwatts = gpu.milliwatts;
    return OK;
}
EXPORT int nvmlDeviceGetEnforcedPowerLimit(void *handle, unsigned *milliwatts) {
    LOOK("power_limit");
    *milliwatts = 450000;
    return OK;
}
EXPORT int nvmlDeviceGetPowerManagementLimit(void *handle, unsigned *milliwatts) {
    return nvmlDeviceGetEnforcedPowerLimit(handle, milliwatts);
}
/* First asked with no room for the count, then again with an array. */
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count,
                                                   struct running *out) {
    LOOK("processes");
    unsigned room = *count, found = 0;
    pthread_mutex_lock(&turn);
    for (int i = 0; i < state.process_count; i++) {
        struct process *one = &state.processes[i];
        if (one->gpu != index || !alive(one->pid)) continue;
        if (found < room && out)
            out[found] = (struct running){one->pid, bytes(one->mib), ~0u, ~0u};
        found++;
    }
    *count = found;
    return end(found > room || (found && !out) ? TOO_SMALL : OK);
}
EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(void *handle, unsigned *count,
                                                    struct running *out) {
    (void)out;
    LOOK("processes");
    *count = 0;
    return OK;
}

/* What other programs ask too, so that beside ours they do not stumble over calls that are not
 * there: each answers with one plain value. */
struct pci { char legacy[16]; unsigned domain, bus, device, id, subsystem; char text[32]; };
#define PLAIN(name, value) \
    EXPORT int name(void *handle, unsigned *out) { LOOK("other"); *out = (value); return OK; }
PLAIN(nvmlDeviceGetFanSpeed, 30)
PLAIN(nvmlDeviceGetPerformanceState, 8)
PLAIN(nvmlDeviceGetPersistenceMode, 1)
PLAIN(nvmlDeviceGetDisplayActive, 0)
PLAIN(nvmlDeviceGetComputeMode, 0)
EXPORT int nvmlDeviceGetDriverModel(void *handle, unsigned *now, unsigned *later) {
    (void)handle, (void)now, (void)later;
    return UNSUPPORTED; /* there is one on Windows only */
}
EXPORT int nvmlDeviceGetClockInfo(void *handle, unsigned clock, unsigned *mhz) {
    (void)clock;
    LOOK("other");
    *mhz = 1410;
    return OK;
}
EXPORT int nvmlDeviceGetTotalEccErrors(void *handle, unsigned kind, unsigned counter,
                                       unsigned long long *errors) {
    (void)kind, (void)counter;
    LOOK("other");
    *errors = 0;
    return OK;
}
EXPORT int nvmlDeviceGetEncoderUtilization(void *handle, unsigned *percent, unsigned *period_us) {
    LOOK("other");
    *percent = 0;
    *period_us = 100000;
    return OK;
}
EXPORT int nvmlDeviceGetDecoderUtilization(void *handle, unsigned *percent, unsigned *period_us) {
    return nvmlDeviceGetEncoderUtilization(handle, percent, period_us);
}
EXPORT int nvmlDeviceGetPciInfo_v3(void *handle, struct pci *pci) {
    LOOK("other");
    memset(pci, 0, sizeof *pci);
    pci->bus = (unsigned)index + 1;
    snprintf(pci->legacy, sizeof pci->legacy, "0000:%02X:00.0", pci->bus);
    snprintf(pci->text, sizeof pci->text, "00000000:%02X:00.0", pci->bus);
    return OK;
}
