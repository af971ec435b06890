//! Answers that the readers of a reading share, and readings of several stacks. Each reads as if it were alone, and what others have asked already is not sent
//! again: the same question once, and questions about single resources together, in one request as far as its limit goes. Shared
//! answers are as old as the reading, so nothing that changes AWS may use them. Knows no service and no stack.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evenkeel_core::error::CloudError;
use futures::future::{BoxFuture, join_all};
use tokio::sync::{OnceCell, oneshot};

use crate::client::Aws;

/// How long a question waits for others to join it.
const GATHER: Duration = Duration::from_millis(20);

/// What is known of resources, by what they were asked for with; what is not there is left out.
pub(crate) type Known<V> = BTreeMap<String, V>;

/// Asks about resources by name, within something: a cluster, or nothing.
pub(crate) type Ask<V> = for<'a> fn(&'a Aws, &'a str, Vec<String>) -> BoxFuture<'a, Result<Known<V>, CloudError>>;

/// The answers of one reading.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>>);

impl Answers {
    /// The place of an answer of this type.
    fn place<T: Any + Default + Send + Sync>(&self, question: String) -> Arc<T> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry((TypeId::of::<T>(), question)).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(place).downcast().unwrap_or_else(|_| unreachable!("it is kept by its type"))
    }
}

/// The one answer to a question.
type Single<T> = OnceCell<Result<Arc<T>, CloudError>>;

impl Aws {
    /// The same run, for one reading of several stacks: those who have a copy of what this returns share their answers.
    #[must_use]
    pub fn sharing(&self) -> Self {
        let mut aws = self.clone();
        aws.shared = Some(Arc::default());
        aws
    }

    /// The same run, for one reading: what two of its readers ask is asked once.
    #[must_use]
    pub(crate) fn reading(&self) -> Self {
        let mut aws = self.clone();
        aws.own = Some(Arc::default());
        aws
    }

    /// Whether several stacks are read at once, so that a listing of everything serves all of them.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// The answer to a question; asked once in a reading, and by those who share. The question names the operation and all of its input.
    ///
    /// # Errors
    /// Those of the request, the same for all.
    pub(crate) async fn once<T, Fut>(
        &self,
        question: impl Into<String>,
        ask: impl FnOnce() -> Fut,
    ) -> Result<Arc<T>, CloudError>
    where
        T: Any + Send + Sync,
        Fut: Future<Output = Result<T, CloudError>>,
    {
        let Some(shared) = self.shared.as_ref().or(self.own.as_ref()) else { return ask().await.map(Arc::new) };
        let single = shared.place::<Single<T>>(question.into());
        // Boxed: the futures of the readers are large as they are.
        single.get_or_init(|| Box::pin(async { ask().await.map(Arc::new) })).await.clone()
    }

    /// What is known of these resources; in one request with those that others who share ask for at that moment, and without
    /// those that are known already.
    ///
    /// # Errors
    /// Those of the request. One that fails for several is sent again for each alone: what one stack may not read, or has lost,
    /// is no error of another.
    pub(crate) async fn together<V>(
        &self,
        operation: &'static str,
        within: &str,
        names: Vec<String>,
        ask: Ask<V>,
    ) -> Result<Known<V>, CloudError>
    where
        V: Any + Clone + Send + Sync,
    {
        let Some(shared) = &self.shared else { return ask(self, within, names).await };
        let batch = shared.place::<Batch<V>>(format!("{operation} {within}"));
        let (receiver, leads) = match batch.join(names) {
            Joined::Answered(known) => return Ok(known),
            Joined::Waits(receiver, leads) => (receiver, leads),
        };
        if leads {
            let (aws, within) = (self.clone(), within.to_owned());
            // A task of its own: the others' answers must not depend on whether this one is still waited for.
            tokio::spawn(async move {
                tokio::time::sleep(GATHER).await;
                batch.answer(&aws, &within, ask).await;
            });
        }
        receiver.await.unwrap_or_else(|_| Err(CloudError::bug(operation, "a question was never answered")))
    }
}

/// Names that somebody waits for.
struct Demand<V> {
    names: Vec<String>,
    reply: oneshot::Sender<Result<Known<V>, CloudError>>,
}

/// Questions of one sort about single resources.
struct Batch<V> {
    state: Mutex<State<V>>,
    /// Held by the request under way: it may answer what was asked in the meantime.
    turn: tokio::sync::Mutex<()>,
}

struct State<V> {
    /// `None` for what is not there.
    known: BTreeMap<String, Option<V>>,
    waiting: Vec<Demand<V>>,
}

enum Joined<V> {
    Answered(Known<V>),
    /// For the answer; the first to wait has to see to it.
    Waits(oneshot::Receiver<Result<Known<V>, CloudError>>, bool),
}

impl<V> Default for Batch<V> {
    fn default() -> Self {
        let state = State { known: BTreeMap::new(), waiting: Vec::new() };
        Self { state: Mutex::new(state), turn: tokio::sync::Mutex::default() }
    }
}

impl<V: Clone> State<V> {
    /// What is known of these, if all of them have been asked about.
    fn of(&self, names: &[String]) -> Option<Known<V>> {
        let mut found = Known::new();
        for name in names {
            if let Some(value) = self.known.get(name)? {
                found.insert(name.clone(), value.clone());
            }
        }
        Some(found)
    }

    fn learn(&mut self, names: Vec<String>, mut found: Known<V>) {
        for name in names {
            let value = found.remove(&name);
            self.known.insert(name, value);
        }
    }
}

impl<V: Clone> Batch<V> {
    fn with<T>(&self, work: impl FnOnce(&mut State<V>) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn join(&self, names: Vec<String>) -> Joined<V> {
        self.with(|state| {
            if let Some(known) = state.of(&names) {
                return Joined::Answered(known);
            }
            let (reply, receiver) = oneshot::channel();
            state.waiting.push(Demand { names, reply });
            Joined::Waits(receiver, state.waiting.len() == 1)
        })
    }

    /// Answers all who wait.
    async fn answer(&self, aws: &Aws, within: &str, ask: Ask<V>) {
        let _turn = self.turn.lock().await;
        let (waiting, unknown) = self.with(|state| {
            let waiting = std::mem::take(&mut state.waiting);
            let asked: BTreeSet<&String> = waiting.iter().flat_map(|demand| &demand.names).collect();
            let unknown: Vec<String> =
                asked.into_iter().filter(|name| !state.known.contains_key(*name)).cloned().collect();
            (waiting, unknown)
        });
        let answer = if unknown.is_empty() { Ok(Known::new()) } else { ask(aws, within, unknown.clone()).await };
        match answer {
            Ok(found) => self.with(|state| {
                state.learn(unknown, found);
                for Demand { names, reply } in waiting {
                    // Nobody waits any more where the reading has been broken off.
                    let _ = reply.send(Ok(state.of(&names).unwrap_or_default()));
                }
            }),
            Err(error) => self.answer_singly(aws, within, ask, waiting, error).await,
        }
    }

    async fn answer_singly(&self, aws: &Aws, within: &str, ask: Ask<V>, waiting: Vec<Demand<V>>, error: CloudError) {
        let several = waiting.len() > 1;
        let replies = waiting.into_iter().map(|Demand { names, reply }| {
            let error = error.clone();
            async move {
                let answer = if several { ask(aws, within, names).await } else { Err(error) };
                let _ = reply.send(answer);
            }
        });
        join_all(replies).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use evenkeel_core::error::ErrorClass;

    use super::*;
    use crate::connect::{Settings, test_config};

    /// What was asked, in order.
    #[derive(Debug, Default)]
    struct Asked(Mutex<Vec<String>>);

    fn aws() -> Aws {
        let settings = Settings { region: Some("eu-west-1".to_owned()), ..Settings::default() };
        Aws::from_config(&test_config(&settings)).unwrap()
    }

    fn asked(aws: &Aws) -> Vec<String> {
        aws.memory::<Asked>().0.lock().unwrap().clone()
    }

    /// Knows what has a number; a name that nobody may ask about fails the request.
    async fn ask(aws: &Aws, within: &str, names: Vec<String>) -> Result<Known<usize>, CloudError> {
        aws.memory::<Asked>().0.lock().unwrap().push(format!("{within}:{}", names.join(",")));
        tokio::time::sleep(Duration::from_millis(50)).await;
        if names.iter().any(|name| name == "secret") {
            return Err(CloudError::local(ErrorClass::Denied, "x:Describe", "no"));
        }
        Ok(names.into_iter().filter_map(|name| Some((name.clone(), name.parse().ok()?))).collect())
    }

    async fn look(aws: &Aws, within: &str, names: &[&str]) -> Result<Vec<usize>, ErrorClass> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let known = aws.together("x:Describe", within, names, |aws, within, names| Box::pin(ask(aws, within, names)));
        known.await.map(|known| known.into_values().collect()).map_err(|error| error.class)
    }

    #[tokio::test(start_paused = true)]
    async fn questions_of_one_moment_are_one_request() {
        let aws = aws().sharing();
        let answers =
            futures::join!(look(&aws, "", &["1", "2"]), look(&aws, "", &["2", "gone"]), look(&aws, "c", &["3"]));
        assert_eq!(answers, (Ok(vec![1, 2]), Ok(vec![2]), Ok(vec![3])));
        let mut sent = asked(&aws);
        sent.sort();
        assert_eq!(sent, [":1,2,gone", "c:3"]);
        assert_eq!(look(&aws, "", &["gone", "1"]).await, Ok(vec![1]), "also what is not there is known");
        assert_eq!(look(&aws, "", &["1", "4"]).await, Ok(vec![1, 4]));
        assert_eq!(asked(&aws)[2..], [":4"], "only what is not known is asked for");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_is_waited_for() {
        let aws = aws().sharing();
        let late = async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            look(&aws, "", &["1"]).await
        };
        assert_eq!(futures::join!(look(&aws, "", &["1"]), late), (Ok(vec![1]), Ok(vec![1])));
        assert_eq!(asked(&aws), [":1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_its_own_stacks_alone() {
        let aws = aws().sharing();
        let answers = futures::join!(look(&aws, "", &["1"]), look(&aws, "", &["2", "secret"]));
        assert_eq!(answers, (Ok(vec![1]), Err(ErrorClass::Denied)));
        assert_eq!(asked(&aws), [":1,2,secret", ":1", ":2,secret"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_asked_once_and_only_of_one_reading() {
        let run = aws();
        let count = |aws: Aws| async move {
            let listing = || async {
                aws.memory::<Asked>().0.lock().unwrap().push("list".to_owned());
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(7_u32)
            };
            aws.once("x:List", listing).await.map(|seven| *seven)
        };
        let reading = run.sharing();
        let both = futures::join!(count(reading.clone()), count(reading.clone()));
        assert_eq!((both.0.unwrap(), both.1.unwrap()), (7, 7));
        assert_eq!(asked(&run).len(), 1);
        count(run.sharing()).await.unwrap();
        assert_eq!(asked(&run).len(), 2, "another reading knows nothing of it");
        count(run.clone()).await.unwrap();
        count(run.clone()).await.unwrap();
        assert_eq!(asked(&run).len(), 4, "outside of a reading everything is asked");
        let alone = run.reading();
        let both = futures::join!(count(alone.clone()), count(alone));
        assert_eq!((both.0.unwrap(), both.1.unwrap(), asked(&run).len()), (7, 7, 5), "in a reading of one stack too");
        count(run.reading()).await.unwrap();
        assert_eq!(asked(&run).len(), 6);
    }
}
