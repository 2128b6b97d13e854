// Loaded before a process that shares its port with the supervisor (fork-sharing-port.ts). Without this, Node ends it when the
// supervisor is killed; it should keep serving until `make up` or `make down` takes over.
import cluster from 'node:cluster'

cluster.worker!.exitedAfterDisconnect = true
