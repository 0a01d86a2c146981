import os, time


def main():
    fd = os.open(
        "/dev/" + [n for n in sorted(os.listdir("/dev")) if n.startswith("vport")][0], os.O_RDWR
    )
    os.write(fd, ("hello %s\n" % open("/proc/uptime").read()).encode())
    while True:
        time.sleep(100)
