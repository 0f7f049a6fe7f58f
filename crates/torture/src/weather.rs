//! What happens around the visits: processes are killed and started again, banks close their day and do not answer
//! questions. Decided by the seed, one thing after the other.

use crate::dice::Dice;
use crate::steps::Steps;
use crate::world::World;
use serde_json::{Value, json};
use std::time::Duration;

/// The sequence of the weather, which no visit has.
const NUMBER: u64 = u64::MAX;

/// What happens next.
#[derive(Debug)]
enum Event {
    /// A process is killed and stays away for so many milliseconds.
    Kill { process: usize, away_ms: u64 },
    /// A bank fails so many questions.
    Questions {
        bank: &'static str,
        kind: &'static str,
        times: u64,
    },
    /// The banks close their day.
    Day,
}

/// Goes on until it is dropped. The error is a process that could not be started, or ended by itself.
pub(crate) async fn blow(
    world: &World,
    steps: &Steps,
    seed: u64,
    (kills, faults): (bool, bool),
) -> Result<(), String> {
    let mut dice = Dice::of(seed, NUMBER);
    loop {
        let wait = u64::try_from(dice.between(1_500, 6_000)).unwrap_or(0);
        let event = event(&mut dice);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        for process in &world.processes {
            if let Some(why) = process.lock().await.ended() {
                return Err(why);
            }
        }
        let happens = match event {
            Event::Kill { .. } => kills,
            Event::Questions { .. } => faults,
            Event::Day => true,
        };
        if happens {
            steps.note(None, format!("{event:?}"));
            happen(world, event).await?;
        }
    }
}

fn event(dice: &mut Dice) -> Event {
    match dice.below(5) {
        0 | 1 => Event::Kill {
            process: dice.below(2),
            away_ms: u64::try_from(dice.between(0, 3_000)).unwrap_or(0),
        },
        2 | 3 => Event::Questions {
            bank: dice.one_of(&["garanti", "posnet"]),
            kind: dice.one_of(&["lose_reply", "cut_reply", "garbage", "http_500"]),
            times: u64::try_from(dice.between(1, 4)).unwrap_or(1),
        },
        _ => Event::Day,
    }
}

async fn happen(world: &World, event: Event) -> Result<(), String> {
    match event {
        Event::Kill { process, away_ms } => {
            let process = process % world.processes.len();
            world.processes[process].lock().await.kill();
            // Not before: a connection made while it ended may have nobody behind it.
            world.door.note_kill(process);
            tokio::time::sleep(Duration::from_millis(away_ms)).await;
            world.start(process).await
        }
        Event::Questions { bank, kind, times } => {
            let fault = json!({"bank": bank, "operation": "inquire", "fault": {"kind": kind}, "times": times});
            let ordered = world.door.control("POST", "/control/faults", &fault).await;
            // More failures than a bank keeps are failures enough.
            ordered.map(drop).or(Ok(()))
        }
        Event::Day => {
            let path = "/control/settle-day";
            world
                .door
                .control("POST", path, &Value::Null)
                .await
                .map(drop)
        }
    }
}
