//! The operations on software.

use crate::ask::route::routes;

routes! { "software";
    folders = GET "/api/Software/VirtualFolders" safe keeps Folders;
}
