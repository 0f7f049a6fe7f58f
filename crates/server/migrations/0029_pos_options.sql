-- What was chosen of a POS where merchants of one bank differ (decision 0037). Before, words in the field for the PosNet id said
-- it at the banks that speak PayFlex. They stay there for the version before this one, and are read no more.
alter table merchant_poses add column options jsonb not null default '{}';
update merchant_poses set options = '{"threedsFinish":"WITH_CARD"}'
    where integrator in ('VAKIFBANK', 'ZIRAATBANK_INNOVA')
    and upper(cast(settings as text)) like '%"POSNET_ID":%ESKI3D%';
update merchant_poses set options = '{"threedsFinish":"WITHOUT_CARD"}'
    where integrator in ('VAKIFBANK', 'ZIRAATBANK_INNOVA')
    and upper(cast(settings as text)) like '%"POSNET_ID":%YENI3D%';
update merchant_poses set options = '{"points":"AGREED"}'
    where integrator = 'VAKIFBANK'
    and upper(cast(settings as text)) like '%"POSNET_ID":%PUAN%';
update merchant_poses set options = '{"points":"AGREED","threedsFinish":"WITH_CARD"}'
    where integrator = 'VAKIFBANK'
    and upper(cast(settings as text)) like '%"POSNET_ID":%PUAN%'
    and upper(cast(settings as text)) like '%"POSNET_ID":%ESKI3D%';
update merchant_poses set options = '{"points":"AGREED","threedsFinish":"WITHOUT_CARD"}'
    where integrator = 'VAKIFBANK'
    and upper(cast(settings as text)) like '%"POSNET_ID":%PUAN%'
    and upper(cast(settings as text)) like '%"POSNET_ID":%YENI3D%';
