-- What told of a difference: a file that a person brings does not close what the bank's own list told. Before, the comparison
-- of its day knew that.
alter table reconciliation_differences add column source text not null default 'BANK' check (source in ('BANK', 'FILE'));
update reconciliation_differences set source = 'FILE' where exists (select 1 from reconciliations r
  where r.merchant_id = reconciliation_differences.merchant_id and r.pos_id = reconciliation_differences.pos_id
  and r.day = reconciliation_differences.day and r.source = 'FILE');
