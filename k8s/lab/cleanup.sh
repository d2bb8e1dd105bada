#!/bin/sh
# Removes what the lessons made, volume included, from the current namespace.
cd "$(dirname "$0")" || exit
for what in pods services deployments jobs ingress.yaml; do
  kubectl delete --ignore-not-found -f "$what"
done
# Without the Gateway API in the cluster, this fails after it has removed the two Services.
kubectl delete --ignore-not-found -f gateway || true
kubectl delete --ignore-not-found secret/tls-certs secret/new-password configmap/nginx-proxy-conf configmap/nginx-frontend-conf
