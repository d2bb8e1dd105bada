//! Looks for a new certificate, and at how long the one that is shown still lasts.
//!
//! Looking is two questions to the file system a second: it works on every file system, over links and on what
//! Kubernetes mounts, where notifications do not. A pair is read when it has looked the same twice, so that whoever
//! writes one file after the other is let finish; one that is no use is told once and leaves the old one in place.
use std::time::Duration;

use chassis::metrics::CounterBy;
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    Clock, Shown,
    files::{Files, Stamp},
    identity::{Identity, Unusable},
    standing::{Standing, Told},
};

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

pub(super) struct Reload {
    files: Files,
    /// Of the pair that was read last, whether it was of use or not.
    read: Stamp,
    /// Of the files that could not be read last, so that it is told once.
    unread: Option<Stamp>,
    /// Read, and not good yet: it is shown when it is.
    waiting: Option<Identity>,
    /// At the last look.
    looked: Stamp,
    shown: Shown,
    loads: CounterBy,
    clock: Clock,
    told: Told,
}

impl Reload {
    pub(super) fn new(files: Files, read: Stamp, shown: Shown, loads: CounterBy, clock: Clock) -> Self {
        let looked = read.clone();
        Self { files, looked, read, unread: None, waiting: None, shown, loads, clock, told: Told::default() }
    }

    /// Looks as long as the process lives.
    pub(super) async fn run(mut self) {
        loop {
            self.tell_standing();
            sleep(BETWEEN_LOOKS).await;
            self.look().await;
        }
    }

    async fn look(&mut self) {
        if let Some(identity) = self.waiting.take() {
            if self.would_be_worse(&identity) {
                self.waiting = Some(identity);
            } else {
                self.show(identity);
            }
        }
        // A file system may take its time.
        let files = self.files.clone();
        let Ok(now) = spawn_blocking(move || files.stamp()).await else { return };
        let is_at_rest = now == self.looked;
        self.looked = now.clone();
        if !is_at_rest || now == self.read {
            return;
        }
        let files = self.files.clone();
        let Ok(read) = spawn_blocking(move || files.read()).await else { return };
        if let Err(wrong @ (Unusable::CertificateUnread(_) | Unusable::KeyUnread(_))) = &read {
            // The machine may be out of descriptors just now: they are read again at the next look.
            if self.unread.as_ref() != Some(&now) {
                self.unread = Some(now);
                self.refuse(&self.files.told(wrong));
            }
            return;
        }
        (self.read, self.unread, self.waiting) = (now, None, None);
        self.take(read);
    }

    fn take(&mut self, read: Result<Identity, Unusable>) {
        match read {
            Ok(identity) if self.would_be_worse(&identity) => {
                self.refuse("not good at this time, while the present one is");
                // An expired one waits in vain, and is dropped with the next pair.
                self.waiting = Some(identity);
            }
            Ok(identity) => self.show(identity),
            Err(wrong) => self.refuse(&self.files.told(&wrong)),
        }
    }

    fn show(&mut self, identity: Identity) {
        let expires = humantime::format_rfc3339_seconds(identity.validity().end).to_string();
        identity.tell_remarks();
        self.shown.replace(identity);
        self.told = Told::default();
        self.loads.count("loaded");
        tracing::info!(expires, "certificate loaded");
    }

    fn refuse(&self, why: &str) {
        self.loads.count("refused");
        tracing::error!(why, "the new certificate is no use; the present one stays");
    }

    /// An expired one is shown where there is no better: somebody may be able to live with it.
    fn would_be_worse(&self, other: &Identity) -> bool {
        let now = (self.clock)();
        Standing::of(self.shown.now().validity(), now).is_good() && !Standing::of(other.validity(), now).is_good()
    }

    fn tell_standing(&mut self) {
        let validity = self.shown.now().validity();
        let standing = Standing::of(validity, (self.clock)());
        if self.told.is_news(standing) {
            standing.tell(validity);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::atomic::{AtomicBool, Ordering},
        time::{Duration, SystemTime},
    };

    use chassis::metrics::Metrics;
    use tempfile::TempDir;

    use super::{
        super::fixture::{Pair, pair},
        *,
    };

    const GOOD: (i32, i32) = (2020, 2030);
    const EXPIRED: (i32, i32) = (2020, 2024);

    /// In the year 2025.
    fn clock() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_200)
    }

    struct Scene {
        place: TempDir,
        reload: Reload,
        metrics: Metrics,
    }

    impl Scene {
        fn showing(pair: &Pair) -> Self {
            let place = tempfile::tempdir().expect("a directory");
            let files = Files { certificate: place.path().join("cert.pem"), key: place.path().join("key.pem") };
            put(&place, pair);
            let (seen, metrics) = (files.stamp(), Metrics::default());
            let shown = Shown::new(files.read().expect("a pair"));
            let loads = metrics.counter_by("outcome", "loads", "Loads");
            Self { reload: Reload::new(files, seen, shown, loads, clock), place, metrics }
        }

        fn shows(&self, host: &str) -> bool {
            self.reload.shown.now().is_for(host)
        }

        /// Looks until what was written has been read.
        async fn after_two_looks(&mut self) {
            self.reload.look().await;
            self.reload.look().await;
        }

        fn loads(&self, outcome: &str) -> usize {
            let line = format!("loads_total{{outcome=\"{outcome}\"}} ");
            let text = self.metrics.encode();
            text.lines().find_map(|found| found.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
        }
    }

    fn put(place: &TempDir, (certificate, key): &Pair) {
        fs::write(place.path().join("cert.pem"), certificate).expect("written");
        fs::write(place.path().join("key.pem"), key).expect("written");
    }

    #[tokio::test]
    async fn a_new_pair_is_shown_once_it_is_at_rest() {
        let mut scene = Scene::showing(&pair(&["old.test"], GOOD));
        scene.after_two_looks().await;
        assert_eq!(scene.loads("loaded"), 0, "nobody changed anything");
        put(&scene.place, &pair(&["new.test"], GOOD));
        scene.reload.look().await;
        assert!(scene.shows("old.test"), "the other file may be about to be written");
        scene.reload.look().await;
        assert!(scene.shows("new.test"));
        scene.after_two_looks().await;
        assert_eq!((scene.loads("loaded"), scene.loads("refused")), (1, 0));
    }

    #[tokio::test]
    async fn a_pair_that_is_no_use_leaves_the_old_one_and_is_told_once() {
        let mut scene = Scene::showing(&pair(&["old.test"], GOOD));
        let (one, other) = (pair(&["new.test"], GOOD), pair(&["new.test"], GOOD));
        for (number, wrong) in
            [(one.0.clone(), other.1), ("garbage".to_owned(), one.1.clone()), (one.0.clone(), String::new())]
                .iter()
                .enumerate()
        {
            put(&scene.place, wrong);
            scene.after_two_looks().await;
            scene.after_two_looks().await;
            assert!(scene.shows("old.test"));
            assert_eq!(scene.loads("refused"), number + 1);
        }
        fs::remove_file(scene.place.path().join("cert.pem")).expect("removed");
        scene.after_two_looks().await;
        assert!(scene.shows("old.test"));
        put(&scene.place, &one);
        scene.after_two_looks().await;
        assert!(scene.shows("new.test"), "it recovers");
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_good_yet_is_shown_when_it_is() {
        static TWO_YEARS_LATER: AtomicBool = AtomicBool::new(false);
        fn moving() -> SystemTime {
            clock() + Duration::from_hours(if TWO_YEARS_LATER.load(Ordering::SeqCst) { 2 * 365 * 24 } else { 0 })
        }
        let mut scene = Scene::showing(&pair(&["old.test"], GOOD));
        scene.reload.clock = moving;
        put(&scene.place, &pair(&["new.test"], (2026, 2030)));
        scene.after_two_looks().await;
        scene.after_two_looks().await;
        assert!(scene.shows("old.test"));
        TWO_YEARS_LATER.store(true, Ordering::SeqCst);
        scene.reload.look().await;
        assert!(scene.shows("new.test"));
        assert_eq!((scene.loads("loaded"), scene.loads("refused")), (1, 1));
    }

    #[tokio::test]
    async fn files_that_cannot_be_read_are_tried_at_each_look_and_told_once() {
        let mut scene = Scene::showing(&pair(&["old.test"], GOOD));
        fs::remove_file(&scene.reload.files.key).expect("removed");
        scene.after_two_looks().await;
        scene.after_two_looks().await;
        assert_ne!(scene.reload.read, scene.reload.looked, "it counts as unread, whatever it looks like");
        assert_eq!(scene.loads("refused"), 1);
        assert!(scene.shows("old.test"));
    }

    #[tokio::test]
    async fn an_expired_certificate_takes_the_place_of_an_expired_one_only() {
        let mut scene = Scene::showing(&pair(&["old.test"], GOOD));
        put(&scene.place, &pair(&["new.test"], EXPIRED));
        scene.after_two_looks().await;
        assert!(scene.shows("old.test"));
        let mut scene = Scene::showing(&pair(&["old.test"], EXPIRED));
        put(&scene.place, &pair(&["new.test"], EXPIRED));
        scene.after_two_looks().await;
        assert!(scene.shows("new.test"));
        put(&scene.place, &pair(&["good.test"], GOOD));
        scene.after_two_looks().await;
        assert!(scene.shows("good.test"));
    }
}
