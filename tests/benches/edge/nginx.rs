//! nginx with a configuration of its own, which does for a request what the frontend does.
use std::{fs, net::SocketAddr, process::Command, time::Duration};

use e2e::{Certificates, environment, eventually, skips, tool::Tool};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::closed_loop::{free_address, most_kib};

/// A running nginx. Its processes end with it.
pub(crate) struct Nginx {
    tool: Tool,
    pub(crate) plain: SocketAddr,
    pub(crate) encrypted: SocketAddr,
    // After the process that uses it.
    _home: TempDir,
}

impl Nginx {
    /// In front of one upstream.
    pub(crate) async fn start(upstream: SocketAddr, certificates: &Certificates) -> Self {
        let home = environment::temporary_directory();
        let (plain, encrypted) = (free_address(), free_address());
        let tls = certificates.directory();
        let (home_path, tls) = (home.path().display(), tls.display());
        let file = home.path().join("nginx.conf");
        fs::write(&file, configuration(&home_path.to_string(), &tls.to_string(), upstream, plain, encrypted))
            .expect("written");
        let mut command = Command::new(skips::nginx().expect("nginx"));
        command.arg("-p").arg(home.path()).arg("-e").arg("stderr").arg("-c").arg(&file);
        let tool = Tool::start(command);
        eventually("nginx listens", Duration::from_secs(10), async || TcpStream::connect(plain).await.ok().map(drop))
            .await;
        Self { tool, plain, encrypted, _home: home }
    }

    /// The largest resident sets of its workers together. Pages that they share count twice.
    pub(crate) fn most_kib(&self) -> u64 {
        let id = self.tool.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("it runs, on Linux");
        children.split_whitespace().map(|id| most_kib(id.parse().expect("a number"))).sum()
    }
}

/// Kept connections: the frontend keeps up to 1024 in all, each of the two workers half as many.
fn configuration(home: &str, tls: &str, upstream: SocketAddr, plain: SocketAddr, encrypted: SocketAddr) -> String {
    format!(
        r#"
daemon off;
pid {home}/nginx.pid;
worker_processes 2;
worker_rlimit_nofile 20000;
events {{ worker_connections 9000; }}
http {{
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    log_format line escape=json '{{"timestamp":"$time_iso8601","method":"$request_method","route":"$uri","status":$status,"duration_s":$request_time,"request_id":"$request_id","peer":"$remote_addr:$remote_port","user_agent":"$http_user_agent"}}';
    access_log /dev/null line buffer=64k flush=1s;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    upstream hello {{
        server {upstream};
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {plain} backlog=4096;
        listen {encrypted} ssl backlog=4096;
        ssl_certificate {tls}/cert.pem;
        ssl_certificate_key {tls}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            proxy_pass http://hello;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Request-Id $request_id;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Forwarded 'for=$remote_addr;host="$host";proto=$scheme';
            proxy_set_header Via "1.1 nginx";
        }}
    }}
}}
"#
    )
}
