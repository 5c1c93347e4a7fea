/** The files with which Streaming Saga is deployed: image, Compose, Kubernetes. */
package dev.streamingsaga.deployment;
