#!/bin/sh
# Removes what the lessons made, volume included, from the current namespace.
cd "$(dirname "$0")" || exit
for what in pods services deployments jobs ingress.yaml; do
  kubectl delete --ignore-not-found -f "$what"
done
kubectl delete --ignore-not-found secret/tls-certs secret/new-password configmap/nginx-proxy-conf configmap/nginx-frontend-conf
