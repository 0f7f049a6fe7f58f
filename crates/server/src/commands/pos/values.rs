//! What `galata pos create` and `galata pos edit` set of a POS. The options for numbers and switches come
//! from what the banks' accounts need, so that none is named here.

use super::super::Failed;
use super::super::credentials::{ThreedsKey, Users};
use super::super::options::one_of;
use crate::operations::Problem;
use crate::operations::merchant_poses::{Endpoint, offered};
use crate::setup::{self, Environment};
use crate::start::StartError;
use crate::store::poses::ThreedsModel;
use clap::builder::BoolishValueParser;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use connectors::account::{AccountOption, Number, Options, Slot};
use connectors::directory;
use contract::card::SensitiveText;
use contract::enums::{
    PaymentAuthenticationType, PaymentPhase, PosIntegrator, PosOperationType, PosStatus,
};
use contract::merchant_poses::{UpdateMerchantPosRequest, UpdateMerchantPosUser};

/// What is set of a POS.
#[derive(Args, Clone)]
pub(in crate::commands) struct Values {
    /// The name for people.
    #[arg(long)]
    pub name: Option<String>,
    /// What it is used for; a new POS is AUTOPILOT.
    #[arg(long, ignore_case = true, value_parser = one_of::<PosStatus>(statuses()))]
    pub status: Option<PosStatus>,
    /// What the bank's 3DS page does: `model` verifies, and the money is taken when the shop completes; `pay`
    /// sells by itself, where the bank has such a page. A new POS is `model`.
    #[arg(long, ignore_case = true)]
    pub threeds_model: Option<ThreedsModel>,
    #[command(flatten)]
    listed: Listed,
    #[command(flatten)]
    threeds_key: ThreedsKey,
    #[command(flatten)]
    users: Users,
    /// Which of the bank's own systems it points at; a new POS points at the test system.
    #[arg(long, conflicts_with = "endpoint")]
    environment: Option<Environment>,
    /// The mode in the bank's messages, where it is not the environment's own: `P` is production,
    /// anything else test.
    #[arg(long)]
    mode: Option<String>,
    /// Base URL instead of the bank's own: the bank's paths are appended. Its host must be allowed
    /// by --allow-bank-host.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Whole address of the bank's 3DS page, where it is not at the host of --endpoint. Its host must be allowed too.
    #[arg(long, value_name = "URL")]
    threeds_page: Option<String>,
    /// Lower comes first.
    #[arg(long, value_name = "NUMBER")]
    order_number: Option<i32>,
    /// How payments may be authenticated, comma-separated; a new POS takes THREE_DS alone.
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of::<PaymentAuthenticationType>(PaymentAuthenticationType::ALL.iter().map(|one| one.as_str())))]
    authentication: Vec<PaymentAuthenticationType>,
    /// Whether money is taken at once (AUTH) or held (PRE_AUTH), comma-separated; a new POS does both.
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of::<PaymentPhase>(BEGUN_PHASES.iter().map(|one| one.as_str())))]
    phases: Vec<PaymentPhase>,
}

/// The phases in which a payment begins.
const BEGUN_PHASES: [PaymentPhase; 2] = [PaymentPhase::Auth, PaymentPhase::PreAuth];

/// Every status but the one of deleted POSes.
fn statuses() -> impl Iterator<Item = &'static str> {
    let all = PosStatus::ALL.iter();
    all.filter(|status| **status != PosStatus::Deleted)
        .map(|status| status.as_str())
}

impl Values {
    /// Where the options point a POS; `None` where they do not say.
    pub(super) fn endpoint(&self, integrator: PosIntegrator) -> Result<Option<Endpoint>, Problem> {
        match (&self.endpoint, self.environment) {
            (Some(base), _) => setup::endpoint_behind(integrator, base).map(Some),
            (None, Some(system)) => setup::endpoint_of(integrator, system).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Chooses what is given of the bank's options; what it does not offer is refused where the POS is checked.
    pub(super) fn choose(&self, options: &mut Options) {
        for (name, choice) in &self.listed.options {
            options.choose(name, choice);
        }
    }

    /// What the options send.
    pub(super) fn request(&self) -> Result<UpdateMerchantPosRequest, Failed> {
        let users = self.users.read()?;
        let users: Vec<_> = users
            .iter()
            .map(|text| user(text))
            .collect::<Result<_, _>>()?;
        let mut request = UpdateMerchantPosRequest {
            name: self.name.clone(),
            mode: self.mode.clone(),
            threeds_path: self.threeds_page.clone(),
            threeds_key: self.threeds_key.read()?.map(SensitiveText::new),
            order_number: self.order_number,
            enabled_payment_authentication_types: non_empty(self.authentication.clone()),
            enabled_payment_phases: non_empty(self.phases.clone()),
            merchant_pos_users: non_empty(users),
            ..UpdateMerchantPosRequest::default()
        };
        for (number, text) in &self.listed.numbers {
            Slot::Number(*number).send(text.clone(), &mut request);
        }
        for ((switch, _), on) in offered().zip(&self.listed.switches) {
            *(switch.sent)(&mut request) = *on;
        }
        Ok(request)
    }
}

fn non_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// `OPERATION:name:password`. What was typed is never repeated: it holds a password.
fn user(text: &str) -> Result<UpdateMerchantPosUser, Failed> {
    let names = PosOperationType::ALL.iter().map(|one| one.as_str());
    let refused = || {
        StartError::new(
            "--user is not OPERATION:NAME:PASSWORD",
            &format!(
                "the operation is one of {}",
                names.clone().collect::<Vec<&str>>().join(", ")
            ),
        )
    };
    let mut parts = text.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(operation), Some(name), Some(password)) => {
            let operation = operation.to_uppercase().parse().map_err(|()| refused())?;
            Ok(UpdateMerchantPosUser {
                id: None,
                pos_username: Some(name.to_owned()),
                pos_password: Some(SensitiveText::new(password)),
                pos_user_type: None,
                pos_operation_type: Some(operation),
            })
        }
        _ => Err(refused().into()),
    }
}

/// What a number is called and, where not every bank asks for it, by whom.
fn help_of(number: Number) -> Option<String> {
    let asks = |integrator: PosIntegrator| {
        let needs = directory::account(integrator)?;
        let mut fields = needs.fields.iter();
        fields.find(|field| field.slot == Slot::Number(number))
    };
    let banks: Vec<PosIntegrator> = directory::spoken().map(|row| row.integrator).collect();
    let asking: Vec<PosIntegrator> = banks
        .iter()
        .copied()
        .filter(|bank| asks(*bank).is_some())
        .collect();
    let name = asks(*asking.first()?)?.label.en;
    if asking.len() == banks.len() {
        return Some(name.to_owned());
    }
    let names: Vec<&str> = asking.iter().map(|bank| bank.as_str()).collect();
    Some(format!("{name} ({})", names.join(", ")))
}

/// What comes from lists: an option for each number that some bank asks for, and for each switch.
#[derive(Clone)]
struct Listed {
    /// The numbers that are given.
    numbers: Vec<(Number, String)>,
    /// In the order of [`offered`]; `None` where nothing is said.
    switches: Vec<Option<bool>>,
    /// What is chosen of banks' options, by name; empty for what is usual at the bank.
    options: Vec<(&'static str, String)>,
}

/// What is chosen to have again what is usual at the bank.
const USUAL: &str = "USUAL";

/// Every option that some bank has, once, with the banks that have it.
fn bank_options() -> Vec<(&'static AccountOption, Vec<&'static str>)> {
    let mut all: Vec<(&'static AccountOption, Vec<&'static str>)> = Vec::new();
    for row in directory::spoken() {
        for option in directory::options(row.integrator) {
            match all.iter_mut().find(|(known, _)| known.name == option.name) {
                Some((_, banks)) => banks.push(row.integrator.as_str()),
                None => all.push((option, vec![row.integrator.as_str()])),
            }
        }
    }
    all
}

impl Args for Listed {
    fn augment_args(command: Command) -> Command {
        let numbers = Number::ALL.iter().filter_map(|number| {
            let option = Arg::new(number.flag()).long(number.flag());
            Some(option.value_name("NUMBER").help(help_of(*number)?))
        });
        let switches = offered().map(|(_, offered)| {
            Arg::new(offered.flag)
                .long(offered.flag)
                .help(offered.help)
                .num_args(0..=1)
                .default_missing_value("true")
                .value_parser(BoolishValueParser::new())
                .value_name("on|off")
        });
        let options = bank_options().into_iter().map(|(option, banks)| {
            let choices = option.choices.iter().map(|(choice, _)| *choice);
            Arg::new(option.flag)
                .long(option.flag)
                .help(format!("{} ({})", option.label.en, banks.join(", ")))
                .ignore_case(true)
                .value_parser(one_of::<String>(choices.chain([USUAL])))
                .value_name("CHOICE")
        });
        command.args(numbers).args(switches).args(options)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Listed::augment_args(command)
    }
}

impl FromArgMatches for Listed {
    fn from_arg_matches(given: &ArgMatches) -> Result<Listed, clap::Error> {
        let numbers = Number::ALL.iter().filter_map(|number| {
            let text = given.try_get_one::<String>(number.flag()).ok()??;
            Some((*number, text.clone()))
        });
        let switches = offered().map(|(_, offered)| given.get_one::<bool>(offered.flag).copied());
        let options = bank_options().into_iter().filter_map(|(option, _)| {
            let choice = given.get_one::<String>(option.flag)?.to_uppercase();
            let choice = if choice == USUAL {
                String::new()
            } else {
                choice
            };
            Some((option.name, choice))
        });
        Ok(Listed {
            numbers: numbers.collect(),
            switches: switches.collect(),
            options: options.collect(),
        })
    }

    fn update_from_arg_matches(&mut self, given: &ArgMatches) -> Result<(), clap::Error> {
        *self = Listed::from_arg_matches(given)?;
        Ok(())
    }
}
