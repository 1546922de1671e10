/* The least a Modbus/TCP server can be: epoll, function codes 3 and 4, 65536 registers, no checks beyond the header.
   It stands for "no Modbus at all" when a client is measured. Prints its port. With an argument it never sleeps: then a
   client on this machine is not charged for waking it, which a device elsewhere would not cost it either. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPACE 65536
#define CONNECTIONS 4096

static uint8_t registers[2 * 65536 + 256];
static struct { uint8_t *bytes; int filled; } in[CONNECTIONS];

static void serve(int fd, int poller) {
    uint8_t out[SPACE];
    int written = 0, at = 0;
    int got = read(fd, in[fd].bytes + in[fd].filled, SPACE - in[fd].filled);
    if (got <= 0) {
        epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
        close(fd);
        in[fd].filled = 0;
        return;
    }
    in[fd].filled += got;
    while (in[fd].filled - at >= 12) {
        uint8_t *request = in[fd].bytes + at;
        int address = request[8] << 8 | request[9], size = 2 * (request[10] << 8 | request[11]);
        if (size > 250 || written + 9 + size > SPACE) break;
        uint8_t *answer = out + written;
        memcpy(answer, request, 8);
        answer[4] = 0;
        answer[5] = size + 3;
        answer[8] = size;
        memcpy(answer + 9, registers + 2 * address, size);
        written += 9 + size;
        at += 12;
    }
    memmove(in[fd].bytes, in[fd].bytes + at, in[fd].filled - at);
    in[fd].filled -= at;
    for (int sent = 0; sent < written;) {
        int n = write(fd, out + sent, written - sent);
        if (n <= 0) break;
        sent += n;
    }
}

int main(int count, char **arguments) {
    (void)arguments;
    int patience = count > 1 ? 0 : -1;
    for (int i = 0; i < 65536; i++) {
        registers[2 * i] = i >> 8;
        registers[2 * i + 1] = i;
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poller, ready, 256, patience);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            if (fd != listener) {
                serve(fd, poller);
                continue;
            }
            int client = accept(listener, NULL, NULL);
            if (client < 0 || client >= CONNECTIONS) continue;
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            if (!in[client].bytes) in[client].bytes = malloc(SPACE);
            in[client].filled = 0;
            event.data.fd = client;
            epoll_ctl(poller, EPOLL_CTL_ADD, client, &event);
        }
    }
}
