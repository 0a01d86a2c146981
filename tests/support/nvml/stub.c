/* A stand-in for libnvidia-ml.so: the calls our telemetry makes, answered from a text file.
 *
 * The file named by $NVML_STUB_STATE is read again at every call:
 *   gpu INDEX TOTAL_BYTES USED_BYTES PERCENT CELSIUS MILLIWATTS ERROR
 *   proc INDEX PID BYTES
 *   missing NAME          that figure answers "not supported"
 * ERROR is the NVML error number that every call on this card returns, 0 = none. The driver version
 * holds the word "stub", by which the product marks its figures as simulated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
enum { OK = 0, UNINITIALISED = 1, INVALID = 2, UNSUPPORTED = 3, DRIVER = 9, TOO_SMALL = 7 };
enum { LOST = 15, VERSION_MISMATCH = 25, GPUS_MAX = 16, PROCESSES_MAX = 64 };
#define RESERVED (400ull << 20)
#define MEMORY_V2 0x02000028u

typedef unsigned long long bytes_t;
struct gpu { bytes_t total, used; unsigned percent, celsius, milliwatts; int error; };
struct process { int gpu; unsigned pid; bytes_t used; };
struct running { unsigned pid; bytes_t used; unsigned instance, compute_instance; };
struct memory_v1 { bytes_t total, free, used; };
struct memory_v2 { unsigned version; bytes_t total, reserved, free, used; };

static struct gpu gpus[GPUS_MAX];
static struct process processes[PROCESSES_MAX];
static char missing[256];
static int gpu_count, process_count, opened, handles[GPUS_MAX];

static void read_state(void) {
    const char *path = getenv("NVML_STUB_STATE");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[256], name[64];
    int index, error;
    bytes_t total, used;
    unsigned a, b, c;
    gpu_count = process_count = 0;
    missing[0] = 0;
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "gpu %d %llu %llu %u %u %u %d", &index, &total, &used, &a, &b, &c,
                   &error) == 7 && index >= 0 && index < GPUS_MAX) {
            gpus[index] = (struct gpu){total, used, a, b, c, error};
            if (index >= gpu_count) gpu_count = index + 1;
        } else if (sscanf(line, "proc %d %u %llu", &index, &a, &used) == 3 &&
                   process_count < PROCESSES_MAX) {
            processes[process_count++] = (struct process){index, a, used};
        } else if (sscanf(line, "missing %63s", name) == 1) {
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), "<%s>", name);
        }
    }
    fclose(file);
}

/* The card behind a handle, or why it does not answer. */
static int card(void *handle, const char *figure, struct gpu **found) {
    char wanted[80];
    int index = (int)((int *)handle - handles);
    if (!opened) return UNINITIALISED;
    read_state();
    if (index < 0 || index >= gpu_count) return LOST;
    if (gpus[index].error) return gpus[index].error;
    snprintf(wanted, sizeof wanted, "<%s>", figure);
    if (strstr(missing, wanted)) return UNSUPPORTED;
    *found = &gpus[index];
    return OK;
}
#define CARD(figure) \
    struct gpu *gpu = NULL; \
    int wrong = card(handle, figure, &gpu); \
    if (wrong) return wrong
#define INDEX ((int)(gpu - gpus))

EXPORT int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    read_state();
    if (!gpu_count) return DRIVER;
    opened++;
    return OK;
}
EXPORT int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
EXPORT int nvmlShutdown(void) {
    if (!opened) return UNINITIALISED;
    opened--;
    return OK;
}
EXPORT const char *nvmlErrorString(int error) {
    switch (error) {
    case UNINITIALISED: return "Uninitialized";
    case UNSUPPORTED: return "Not Supported";
    case DRIVER: return "Driver Not Loaded";
    case LOST: return "GPU is lost";
    default: return "Unknown Error";
    }
}
EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    if (!opened) return UNINITIALISED;
    snprintf(text, size, "999.01-stub");
    return OK;
}
EXPORT int nvmlDeviceGetCount_v2(unsigned *count) {
    if (!opened) return UNINITIALISED;
    read_state();
    *count = (unsigned)gpu_count;
    return OK;
}
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    read_state();
    if ((int)index >= gpu_count) return INVALID;
    *handle = &handles[index];
    return OK;
}
EXPORT int nvmlDeviceGetName(void *handle, char *text, unsigned size) {
    CARD("name");
    snprintf(text, size, "Stub Card %d", INDEX);
    return OK;
}
EXPORT int nvmlDeviceGetUUID(void *handle, char *text, unsigned size) {
    CARD("uuid");
    snprintf(text, size, "GPU-stub-%d", INDEX);
    return OK;
}
EXPORT int nvmlDeviceGetMemoryInfo(void *handle, struct memory_v1 *memory) {
    CARD("memory");
    /* As real drivers do: what is reserved counts as used here. */
    memory->total = gpu->total;
    memory->used = gpu->used + RESERVED;
    memory->free = memory->total - memory->used;
    return OK;
}
EXPORT int nvmlDeviceGetMemoryInfo_v2(void *handle, struct memory_v2 *memory) {
    CARD("memory");
    if (memory->version != MEMORY_V2) return VERSION_MISMATCH;
    memory->total = gpu->total;
    memory->reserved = RESERVED;
    memory->used = gpu->used;
    memory->free = gpu->total - RESERVED - gpu->used;
    return OK;
}
EXPORT int nvmlDeviceGetUtilizationRates(void *handle, unsigned *rates) {
    CARD("utilisation");
    rates[0] = gpu->percent;
    rates[1] = gpu->percent / 2;
    return OK;
}
EXPORT int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned *celsius) {
    (void)sensor;
    CARD("temperature");
    *celsius = gpu->celsius;
    return OK;
}
struct temperature { unsigned version; int sensor; int celsius; };
EXPORT int nvmlDeviceGetTemperatureV(void *handle, struct temperature *temperature) {
    CARD("temperature");
    temperature->celsius = (int)gpu->celsius;
    return OK;
}
EXPORT int nvmlDeviceGetPowerUsage(void *handle, unsigned *milliwatts) {
    CARD("power");
    *milliwatts = gpu->milliwatts;
    return OK;
}
EXPORT int nvmlDeviceGetEnforcedPowerLimit(void *handle, unsigned *milliwatts) {
    CARD("power_limit");
    *milliwatts = 450000;
    return OK;
}
/* First asked with no room for the count, then again with an array. */
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count,
                                                   struct running *out) {
    CARD("processes");
    unsigned room = *count, found = 0;
    for (int i = 0; i < process_count; i++) {
        if (processes[i].gpu != INDEX) continue;
        if (found < room && out)
            out[found] = (struct running){processes[i].pid, processes[i].used, ~0u, ~0u};
        found++;
    }
    *count = found;
    return found > room || (found && !out) ? TOO_SMALL : OK;
}
EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(void *handle, unsigned *count,
                                                    struct running *out) {
    (void)out;
    CARD("processes");
    *count = 0;
    return OK;
}
