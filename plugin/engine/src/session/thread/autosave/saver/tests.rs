use std::fs;
use std::sync::mpsc::channel;

use super::*;

/// Does jobs at once.
struct Rig {
    own: PathBuf,
    dir: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { own: dir.path().join("song.stowaway"), dir }
    }

    /// All that is said about these jobs.
    fn run(jobs: Vec<Job>) -> (Vec<String>, Option<PathBuf>) {
        let (ask, todo) = channel();
        let (tell, told) = channel();
        jobs.into_iter().for_each(|job| ask.send(job).unwrap());
        drop(ask);
        super::run(&todo, &tell);
        drop(tell);
        let (mut sentences, mut moved) = (Vec::new(), None);
        for told in told {
            match told {
                Told::Moved(path) => moved = Some(path),
                Told::Note(sentence) => sentences.push(sentence),
                Told::Failed(sentence) => sentences.extend(sentence),
            }
        }
        (sentences, moved)
    }

    fn own(&self, text: Option<&str>) -> Job {
        Job::Own(OwnFile { path: self.own.clone(), text: text.map(str::to_owned) })
    }

    fn name_in(path: &Path) -> String {
        file::read(path).unwrap().name
    }
}

fn named(name: &str) -> Session {
    Session { name: name.into(), ..Session::new_default(1) }
}

fn save(name: &str) -> Job {
    Job::Save { session: named(name), else_to: None }
}

#[test]
fn an_opened_file_is_saved_over_again_and_again() {
    let rig = Rig::new();
    let before = named("one").to_json_pretty();
    fs::write(&rig.own, &before).unwrap();
    let jobs = vec![rig.own(Some(&before)), save("two"), save("three")];
    assert_eq!(Rig::run(jobs), (vec![], None));
    assert_eq!(Rig::name_in(&rig.own), "three");
    assert_eq!(fs::read_dir(rig.dir.path()).unwrap().count(), 1);
}

#[test]
fn what_another_program_wrote_meanwhile_is_left_alone() {
    let rig = Rig::new();
    let before = named("one").to_json_pretty();
    fs::write(&rig.own, &before).unwrap();
    fs::write(&rig.own, named("theirs").to_json_pretty()).unwrap();
    let (said, moved) = Rig::run(vec![rig.own(Some(&before)), save("ours"), save("ours, later")]);
    let second = rig.dir.path().join("song 2.stowaway");
    assert_eq!(moved.as_ref(), Some(&second));
    assert!(said.len() == 1 && said[0].contains("song 2.stowaway"), "{said:?}");
    assert_eq!(Rig::name_in(&rig.own), "theirs");
    assert_eq!(Rig::name_in(&second), "ours, later");
}

#[test]
fn a_new_session_takes_nobodys_place() {
    let rig = Rig::new();
    fs::write(&rig.own, named("yesterday's").to_json_pretty()).unwrap();
    let (said, moved) = Rig::run(vec![rig.own(None), save("today's"), save("tonight's")]);
    let second = rig.dir.path().join("song 2.stowaway");
    assert_eq!((said, moved.as_ref()), (vec![], Some(&second)));
    assert_eq!(Rig::name_in(&rig.own), "yesterday's");
    assert_eq!(Rig::name_in(&second), "tonight's");
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let rig = Rig::new();
    let session = named("one");
    // Not even a file that is gone.
    let before = session.to_json_pretty();
    let same = Job::Save { session, else_to: None };
    assert_eq!(Rig::run(vec![rig.own(Some(&before)), same]), (vec![], None));
    assert!(!rig.own.exists());
}

#[test]
fn what_cannot_be_written_is_kept_beside_the_takes_and_said_once() {
    let rig = Rig::new();
    let gone = rig.dir.path().join("gone");
    let own = Job::Own(OwnFile { path: gone.join("song.stowaway"), text: Some("old".into()) });
    let beside = rig.dir.path().join("session.stowaway");
    let save = |name: &str| Job::Save { session: named(name), else_to: Some(beside.clone()) };
    let (said, moved) = Rig::run(vec![own, save("one"), save("two")]);
    assert_eq!(moved, None);
    assert!(said.len() == 1 && said[0].contains("session.stowaway"), "{said:?}");
    assert_eq!(Rig::name_in(&beside), "two");
}
