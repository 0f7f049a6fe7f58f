-- Lists of BINs that the operator imported, and the ways back to the compiled-in one, which have no content. The
-- newest edition is in use everywhere. Of no merchant.
create table bin_lists (
  edition bigint not null primary key check (edition > 0),
  imported_at timestamptz not null,
  -- the name of the file without its folder
  file_name text check (length(file_name) between 1 and 255),
  bins bigint check (bins between 1 and 100000),
  -- of the content, in hexadecimal digits
  sha256 text check (length(sha256) = 64),
  -- the list in its one spelling
  content text check (length(content) between 1 and 16777216),
  constraint a_list_has_a_name check ((content is null) = (file_name is null)),
  constraint a_list_has_bins check ((content is null) = (bins is null)),
  constraint a_list_has_a_digest check ((content is null) = (sha256 is null))
);
