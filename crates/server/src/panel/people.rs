//! `/panel/people`: who may come in, and as what.

use super::door::{Posted, Visit, to};
use super::sign_in::role_of;
use super::{Page, act, fields, look, render, sign_in};
use crate::app::App;
use crate::operations::people::{self, Link};
use crate::operations::{Permission, Problem, Role};
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::context;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/people", get(look(list)).merge(act(invite)))
        .route(
            "/panel/people/{id}/role",
            get(look(ask_role)).merge(act(set_role)),
        )
        .route("/panel/people/{id}/link", act(make_link))
        .route("/panel/people/{id}/remove", act(remove))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    people_page(&app, &visit, None, None).await
}

async fn people_page(
    app: &App,
    visit: &Visit,
    problem: Option<&Problem>,
    form: Option<&Posted>,
) -> Page {
    let people = people::list(app, &visit.by(), visit.merchant_id()).await?;
    let people: Vec<_> = people
        .iter()
        .map(|(user, role)| {
            context! {
                id => user.id, name => &user.name, email => &user.email, role => role.as_str(),
                has_password => user.password_hash.is_some(), has_totp => user.totp.is_some(),
            }
        })
        .collect();
    let permissions: Vec<_> = Permission::ALL
        .into_iter()
        .map(|permission| {
            let (tr, en) = permission_words(permission);
            let allowed = Role::ALL.map(|role| role.allows(permission)).to_vec();
            context! { tr, en, allowed }
        })
        .collect();
    let error = problem.map(|problem| fields::error(visit, problem, fields::PERSON));
    let kept = |name: &str| form.map_or("", |form| form.text(name)).to_owned();
    let values = context! {
        people, permissions, error,
        roles => Role::ALL.map(Role::as_str).to_vec(),
        values => context! { email => kept("email"), name => kept("name"), role => kept("role") },
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "people.html", values))
}

/// What a permission is called.
fn permission_words(permission: Permission) -> (&'static str, &'static str) {
    match permission {
        Permission::LookAtPayments => ("İşlemleri görme", "See payments"),
        Permission::Inquire => ("Bankaya durum sorma", "Ask the bank for a state"),
        Permission::ApproveLoans => ("Kredi onaylama", "Approve loans"),
        Permission::Capture => ("Ön provizyonu tahsil etme", "Capture what is held"),
        Permission::Refund => ("İade etme", "Give money back"),
        Permission::SettleDoubts => ("Şüpheli işlemi sonuca bağlama", "Settle doubts"),
        Permission::ExportPayments => ("Dışa aktarma", "Export payments"),
        Permission::ManageCards => ("Kayıtlı kartları yönetme", "Manage stored cards"),
        Permission::ResendWebhooks => ("Webhook’u yeniden gönderme", "Send webhooks again"),
        Permission::LookAtSettings => ("Ayarları görme", "See settings"),
        Permission::ChangeSettings => ("Ayarları değiştirme", "Change settings"),
        Permission::ChangeAccounts => ("POS ve APM yönetimi", "Manage POSes and methods"),
        Permission::ManageKeys => ("API anahtarları", "Manage API keys"),
        Permission::LookAtRequests => ("İstek günlüğü", "See the request log"),
        Permission::LookAtAudit => ("Denetim kaydı", "See the audit log"),
        Permission::ManagePeople => ("Kullanıcı yönetimi", "Manage people"),
    }
}

async fn invite(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let made = match role_of(&form) {
        Ok(role) => {
            let (email, name) = (form.text("email"), form.text("name"));
            people::invite(&app, &visit.by(), visit.merchant_id(), email, name, role).await
        }
        Err(problem) => Err(problem),
    };
    match made {
        Ok(Some(link)) => Ok(link_page(&app, &visit, &link).await),
        Ok(None) => Ok(to("/panel/people?done=saved")),
        Err(problem) => answered(&app, &visit, problem, &form).await,
    }
}

/// A broken rule is told on the page; what the role forbids and what is down have their own pages.
async fn answered(app: &App, visit: &Visit, problem: Problem, form: &Posted) -> Page {
    match &problem {
        Problem::Rule { .. } if visit.may(Permission::ManagePeople) => {
            people_page(app, visit, Some(&problem), Some(form)).await
        }
        _ => Err(problem),
    }
}

async fn link_page(app: &App, visit: &Visit, link: &Link) -> Response {
    let mailed = sign_in::mailed(app, visit.language, link).await;
    let values = context! {
        mailed, url => sign_in::link_url(app, link), email => &link.email,
        unsent => app.mail.is_some() && !mailed,
    };
    render::page(visit, "link_made.html", values)
}

async fn make_link(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    match people::password_link(&app, &visit.by(), visit.merchant_id(), id).await {
        Ok(link) => Ok(link_page(&app, &visit, &link).await),
        Err(problem) => answered(&app, &visit, problem, &form).await,
    }
}

/// Asks before a role changes, and says what the person will be able to do.
async fn ask_role(app: Arc<App>, visit: Visit) -> Page {
    let people = people::list(&app, &visit.by(), visit.merchant_id()).await?;
    let id = visit.id("id")?;
    let Some((user, now)) = people.iter().find(|(user, _)| user.id == id) else {
        return Err(Problem::rule(Rule::UnknownRoute));
    };
    // Without a role the address was kept from somewhere: the page of the form is meant.
    let Ok(role) = visit.asked("role").parse::<Role>() else {
        return Ok(to("/panel/people"));
    };
    let permissions = |of: Role, but: Role| {
        let only = Permission::ALL.into_iter();
        let only = only.filter(move |one| of.allows(*one) && !but.allows(*one));
        let shown = only.map(|one| {
            let (tr, en) = permission_words(one);
            context! { tr, en }
        });
        shown.collect::<Vec<_>>()
    };
    let values = context! {
        what => "role",
        name => if user.name.is_empty() { &user.email } else { &user.name },
        effect => context! {
            email => &user.email, now => now.as_str(), role => role.as_str(),
            own => user.id == visit.user.id,
            gains => permissions(role, *now), loses => permissions(*now, role),
        },
        action => format!("/panel/people/{id}/role"),
        fields => vec![("role", role.as_str())],
        back => "/panel/people",
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn set_role(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let role = role_of(&form)?;
    change_role(app, visit, form, Some(role)).await
}

async fn remove(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    change_role(app, visit, form, None).await
}

async fn change_role(app: Arc<App>, visit: Visit, form: Posted, role: Option<Role>) -> Page {
    let id = visit.id("id")?;
    match people::set_role(&app, &visit.by(), visit.merchant_id(), id, role).await {
        Ok(()) => Ok(to("/panel/people?done=saved")),
        Err(problem) => answered(&app, &visit, problem, &form).await,
    }
}
