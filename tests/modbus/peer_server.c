/* A device built on libmodbus, for tests: holding register n = n * 40503 mod 65536, input registers backwards,
   coil n = bit 3 of holding register n. Many connections, prints its port. */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#define N 2000

int main(void) {
    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new(N, N, N, N);
    if (!context || !map) return 1;
    for (int i = 0; i < N; i++) {
        map->tab_registers[i] = (uint16_t)(i * 40503u);
        map->tab_input_registers[N - 1 - i] = map->tab_registers[i];
        map->tab_bits[i] = map->tab_registers[i] >> 3 & 1;
        map->tab_input_bits[N - 1 - i] = map->tab_bits[i];
    }
    int listener = modbus_tcp_listen(context, 16);
    if (listener < 0) return 2;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    fd_set all;
    FD_ZERO(&all);
    FD_SET(listener, &all);
    int highest = listener;
    for (;;) {
        fd_set ready = all;
        if (select(highest + 1, &ready, NULL, NULL, NULL) < 0) return 3;
        for (int fd = 0; fd <= highest; fd++) {
            if (!FD_ISSET(fd, &ready)) continue;
            if (fd == listener) {
                int one = accept(listener, NULL, NULL);
                if (one < 0) continue;
                FD_SET(one, &all);
                if (one > highest) highest = one;
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(context, fd);
            int length = modbus_receive(context, query);
            if (length > 0) {
                modbus_reply(context, query, length, map);
            } else if (length < 0) {
                close(fd);
                FD_CLR(fd, &all);
            }
        }
    }
}
