// A wire between two network namespaces that a test can cut, slow down and spoil. Each namespace has one end of it as a TUN
// device; this program carries the packets from one to the other. Commands come in on stdin, a line each:
//   drop FROM PERCENT       of the packets that come from end FROM (0 or 1)
//   delay MILLISECONDS JITTER    for every packet, and up to JITTER more: later packets overtake earlier ones
//   duplicate PERCENT
//   counts                  answers with one line: what has passed, was dropped, duplicated, overtaken, and had no receiver
// It starts with "ready PID PID": processes that live in the two namespaces.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *addresses[2] = {"10.86.53.1", "10.86.53.130"};

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void up(int control, const char *name) {
  struct ifreq request = {0};
  strcpy(request.ifr_name, name);
  if (ioctl(control, SIOCGIFFLAGS, &request) < 0) die("SIOCGIFFLAGS");
  request.ifr_flags |= IFF_UP;
  if (ioctl(control, SIOCSIFFLAGS, &request) < 0) die("SIOCSIFFLAGS");
}

static void give_address(int control, unsigned long what, const char *address) {
  struct ifreq request = {0};
  strcpy(request.ifr_name, "wire");
  struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
  in->sin_family = AF_INET;
  inet_pton(AF_INET, address, &in->sin_addr);
  if (ioctl(control, what, &request) < 0) die("address");
}

// Goes into a new namespace with an end of the wire in it; `holder` becomes a process that stays there.
static int make_end(const char *address, pid_t *holder) {
  if (unshare(CLONE_NEWNET) < 0) die("unshare");
  int end = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (end < 0) die("/dev/net/tun");
  struct ifreq request = {0};
  strcpy(request.ifr_name, "wire");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(end, TUNSETIFF, &request) < 0) die("TUNSETIFF");
  int control = socket(AF_INET, SOCK_DGRAM, 0);
  if (control < 0) die("socket");
  give_address(control, SIOCSIFADDR, address);
  give_address(control, SIOCSIFNETMASK, "255.255.255.0");
  up(control, "wire");
  up(control, "lo");
  close(control);
  pid_t parent = getpid();
  *holder = fork();
  if (*holder < 0) die("fork");
  if (*holder == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    close(end);
    close(0);
    close(1);
    for (;;) pause();
  }
  return end;
}

struct packet {
  struct packet *next;
  int64_t due;
  uint64_t number;
  int to;
  size_t length;
  char bytes[];
};

static struct packet *waiting;
static uint64_t numbered, last_sent[2];
static unsigned long passed[2], dropped[2], duplicated, overtaken, stray;
static int drop_percent[2], duplicate_percent, delay, jitter;
static uint64_t state = 88172645463325252ULL;

static unsigned int chance(unsigned int below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return below == 0 ? 0 : (unsigned int)((state >> 33) % below);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void enqueue(const char *bytes, size_t length, int to) {
  struct packet *packet = malloc(sizeof *packet + length);
  if (packet == NULL) die("malloc");
  packet->due = now() + delay + (jitter > 0 ? chance(jitter + 1) : 0);
  packet->number = ++numbered;
  packet->to = to;
  packet->length = length;
  memcpy(packet->bytes, bytes, length);
  struct packet **place = &waiting;
  while (*place != NULL && (*place)->due <= packet->due) place = &(*place)->next;
  packet->next = *place;
  *place = packet;
}

static void carry(int from, const char *bytes, size_t length) {
  uint32_t receiver, other;
  inet_pton(AF_INET, addresses[1 - from], &other);
  // What is not IPv4 is the system's own chatter.
  if (length < 20 || (bytes[0] & 0xf0) != 0x40) return;
  memcpy(&receiver, bytes + 16, 4);
  if (receiver != other) {
    stray++;
    return;
  }
  if ((int)chance(100) < drop_percent[from]) {
    dropped[from]++;
    return;
  }
  enqueue(bytes, length, 1 - from);
  if ((int)chance(100) < duplicate_percent) {
    duplicated++;
    enqueue(bytes, length, 1 - from);
  }
}

static void deliver(const int ends[2]) {
  int64_t time = now();
  while (waiting != NULL && waiting->due <= time) {
    struct packet *packet = waiting;
    waiting = packet->next;
    if (packet->number < last_sent[packet->to]) overtaken++;
    else last_sent[packet->to] = packet->number;
    // A full device drops, as a wire does; TCP sends again.
    if (write(ends[packet->to], packet->bytes, packet->length) >= 0) passed[1 - packet->to]++;
    free(packet);
  }
}

static void obey(const char *line) {
  int first, second;
  if (sscanf(line, "drop %d %d", &first, &second) == 2 && (first == 0 || first == 1)) drop_percent[first] = second;
  else if (sscanf(line, "delay %d %d", &first, &second) == 2) delay = first, jitter = second;
  else if (sscanf(line, "duplicate %d", &first) == 1) duplicate_percent = first;
  else if (strncmp(line, "counts", 6) != 0) {
    fprintf(stderr, "no command: %s\n", line);
    exit(2);
  }
  printf("%lu %lu %lu %lu %lu %lu %lu\n", passed[0], passed[1], dropped[0], dropped[1], duplicated, overtaken, stray);
  fflush(stdout);
}

int main(void) {
  pid_t holders[2];
  int ends[2];
  for (int side = 0; side < 2; side++) ends[side] = make_end(addresses[side], &holders[side]);
  printf("ready %d %d\n", holders[0], holders[1]);
  fflush(stdout);
  char line[256], packet[65536];
  size_t used = 0;
  for (;;) {
    struct pollfd files[3] = {{0, POLLIN, 0}, {ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
    int64_t left = waiting == NULL ? -1 : waiting->due - now();
    if (poll(files, 3, waiting == NULL ? -1 : left < 0 ? 0 : (int)left) < 0 && errno != EINTR) die("poll");
    if (files[0].revents != 0) {
      ssize_t length = read(0, line + used, sizeof line - 1 - used);
      // Whoever wanted the wire is gone.
      if (length <= 0) return 0;
      used += length;
      line[used] = 0;
      for (char *end; (end = strchr(line, '\n')) != NULL;) {
        *end = 0;
        obey(line);
        used -= end + 1 - line;
        memmove(line, end + 1, used + 1);
      }
    }
    for (int side = 0; side < 2; side++)
      for (ssize_t length; (length = read(ends[side], packet, sizeof packet)) > 0;) carry(side, packet, length);
    deliver(ends);
  }
}
