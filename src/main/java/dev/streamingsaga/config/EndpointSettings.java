package dev.streamingsaga.config;

import static dev.streamingsaga.config.SettingType.BROKER_URL;
import static dev.streamingsaga.config.SettingType.CONTENT_TYPES;
import static dev.streamingsaga.config.SettingType.DURATION;
import static dev.streamingsaga.config.SettingType.FILE;
import static dev.streamingsaga.config.SettingType.FLAG;
import static dev.streamingsaga.config.SettingType.FOLDER;
import static dev.streamingsaga.config.SettingType.FOLDERS;
import static dev.streamingsaga.config.SettingType.HOST;
import static dev.streamingsaga.config.SettingType.INTEGER;
import static dev.streamingsaga.config.SettingType.ISSUER;
import static dev.streamingsaga.config.SettingType.MARKER;
import static dev.streamingsaga.config.SettingType.NAME_PATTERNS;
import static dev.streamingsaga.config.SettingType.PASSWORD;
import static dev.streamingsaga.config.SettingType.QUEUE;
import static dev.streamingsaga.config.SettingType.SIZE;
import static dev.streamingsaga.config.SettingType.TEXT;
import static dev.streamingsaga.config.SettingType.URL;
import static dev.streamingsaga.config.SettingType.URL_PATH;

import dev.streamingsaga.config.EndpointConfig.AfterDrop;
import dev.streamingsaga.config.EndpointConfig.Staging;

/** Where documents come from and how callers reach the instance. */
final class EndpointSettings {
    /** Half-written downloads and copies, editors' files, then what Windows, macOS and storage servers create. */
    private static final String IGNORED = "*.tmp,*.temp,*.part,*.partial,*.filepart,*.crdownload,*.download,"
            + "*.opdownload,*.aria2,*.!ut,*.!qb,*.bc!,*.ytdl,*.incomplete,*.unfinished,"
            + "*.camelLock,*.swp,*.swo,*.swx,*.sb-????????-??????,*~,~$*,#*#,"
            + "Thumbs.db,ehthumbs.db,desktop.ini,$RECYCLE.BIN,System Volume Information,lost+found,"
            + "@eaDir,#recycle,#snapshot";

    private EndpointSettings() {}

    static void declare(SettingsTable table) {
        http(table);
        httpLimits(table);
        httpAuth(table);
        dropFolder(table);
        dropLimits(table);
        messages(table);
        table.section("In a hub");
        table.choice("saga.hub.fail-on", FailOn.NEVER)
                .describe("Outcomes that fail the exchange that calls direct:saga-ingest. compensated: every outcome"
                        + " except COMPLETED; partially-compensated: that one alone. With never, a file: consumer moves"
                        + " a file whose saga was compensated as if it were stored. For one call, set the exchange"
                        + " property SagaFailOn. HTTP, JMS and the drop folder of the bundle always use never.");
    }

    private static void http(SettingsTable table) {
        table.section("HTTP API and page");
        table.row(FLAG, "saga.http.enabled", "true")
                .describe("true: \"start\" serves them. \"ingest\" never does, and a hub serves only what it adds"
                        + " itself.");
        table.row(HOST, "saga.http.host", "127.0.0.1")
                .describe("Address that the embedded server binds to. An address other than loopback requires"
                        + " saga.http.keys-file or saga.http.oidc.issuer.");
        table.row(INTEGER, "saga.http.port", "8480", "0", "65535")
                .describe("Port of the embedded server. If it is taken, \"start\" fails. 0: a free one, chosen once and"
                        + " kept in DATA/http.port, for a second instance on one machine.");
        table.row(URL_PATH, "saga.http.path", "")
                .describe("Prefix of every path (/saga), for a hub that has paths of its own.");
        table.row(FOLDERS, "saga.http.roots", "")
                .describe("Folders in which POST /api/documents may name files, separated by commas. Empty: nowhere.");
        table.choice("saga.http.staging", Staging.SPOOL)
                .describe(
                        "Where a body is kept until its saga has ended. spool: on this host's disk, and its chunks are"
                                + " sent to the bucket afterwards. bucket: its chunks go straight to the bucket while"
                                + " it arrives; after the answer 202 any node can finish its saga, whatever happens to"
                                + " this host.");
        table.row(DURATION, "saga.http.uploads.expire", "24h", "1m", "30d")
                .describe("Time after which an upload that goes straight to the bucket is given up and removed, if"
                        + " nothing more of it arrives.");
        table.row(INTEGER, "saga.http.uploads.max-open", "16", "1", "10000")
                .describe("Incomplete resumable uploads (/api/uploads) of one sender. Further ones get 429.");
    }

    private static void httpLimits(SettingsTable table) {
        table.row(INTEGER, "saga.http.max-uploads", "4", "1", "256")
                .describe("Bodies received at a time. Further ones get 429 before they are read.");
        table.row(INTEGER, "saga.http.max-sagas", "64", "1", "4096")
                .describe("Sagas accepted over HTTP that have not ended. Further ones get 429.");
        table.row(INTEGER, "saga.http.max-downloads", "8", "1", "256").describe("Documents sent at a time.");
        table.row(INTEGER, "saga.http.max-listeners", "16", "1", "1024")
                .describe("Listeners to live events at a time.");
        table.row(DURATION, "saga.http.idle-timeout", "60s", "100ms", "1h")
                .describe("Longest pause of a client in the middle of a body.");
        table.row(SIZE, "saga.http.min-rate", "1KiB", "0B", "1GiB")
                .describe("Least bytes a second of a body. A client that falls behind by saga.http.idle-timeout gets"
                        + " 408, so that it does not occupy its upload for ever. 0: no limit.");
        table.row(INTEGER, "saga.http.max-connections", "512", "4", "65535")
                .describe("Connections to the embedded server at a time. For a further one, the oldest without a"
                        + " request is closed. Must be more than the four limits above together.");
        table.row(DURATION, "saga.http.header-timeout", "15s", "100ms", "5m")
                .describe("Time for all headers of a request; then 408.");
        table.row(DURATION, "saga.http.keep-alive", "60s", "100ms", "1h")
                .describe("Time that a connection is kept open for its next request.");
    }

    private static void httpAuth(SettingsTable table) {
        table.row(FILE, "saga.http.keys-file", "")
                .describe("File of API keys, created by \"saga key\". Empty: no keys.");
        table.row(ISSUER, "saga.http.oidc.issuer", "")
                .describe("OpenID provider whose tokens are accepted, with its scopes ingest, read and operate."
                        + " Empty: none.");
        table.row(TEXT, "saga.http.oidc.audience", "")
                .describe("What the aud claim of the tokens must name; required with an issuer.");
        table.row(URL, "saga.http.oidc.jwks-url", "")
                .describe("URL of the provider's keys."
                        + " Empty: the one that its /.well-known/openid-configuration names.");
        table.row(TEXT, "saga.http.oidc.owners-claim", "")
                .describe("Claim of the tokens that names the owners whose documents a caller may see and store, as a"
                        + " list or separated by spaces; * stands for all. A token without it is refused."
                        + " Empty: of all owners.");
        table.row(TEXT, "saga.http.oidc.classification-claim", "")
                .describe("Claim of the tokens that names the highest classification that a caller may see and store:"
                        + " public, internal, confidential or restricted. A token without it is refused."
                        + " Empty: restricted.");
    }

    private static void dropFolder(SettingsTable table) {
        table.section("Drop folder");
        table.row(FOLDER, "saga.drop.dir", "")
                .describe("Folder that \"start\" takes files from. It must lie outside the data directory, and is"
                        + " created if it is missing. Empty: none.");
        table.row(MARKER, "saga.drop.done-file", "")
                .describe("Name of the marker file that says a file is complete (${name}.done). It is removed when the"
                        + " file is moved. Empty: a file is complete when it stops changing.");
        table.row(DURATION, "saga.drop.stable-for", "5s", "0s", "1d")
                .describe("Without a marker: time for which the size and time stamp of a file must not change."
                        + " 0s is for writers that rename a file when it is complete.");
        table.row(DURATION, "saga.drop.interval", "1s", "100ms", "1h").describe("Pause between two scans.");
        table.row(FLAG, "saga.drop.recursive", "false")
                .describe("true: scan sub-folders too, 32 deep. .done and .failed keep the sub-folders.");
        table.choice("saga.drop.after", AfterDrop.MOVE)
                .describe("move: move the file to .done or .failed, with the outcome as .json beside it; keep: leave it"
                        + " in the folder, and ingest it again only if it changes.");
        table.row(FLAG, "saga.drop.wait-for-writers", "true")
                .describe("true: do not take a file while a process has it open for writing. Linux only; it sees"
                        + " processes of this user (all for root) on this machine. Set false for a writer that never"
                        + " closes its files.");
        table.row(DURATION, "saga.drop.watch-after", "10m", "0s", "7d")
                .describe("Time for which a file is checked for changes after its saga has ended. If it changed, it is"
                        + " moved back, ingested again and reported by an alert, because writers of other users and"
                        + " machines can't be seen. 0s: never.");
    }

    private static void dropLimits(SettingsTable table) {
        table.row(SIZE, "saga.drop.max-size", "100GiB", "1B", "any")
                .describe("Largest file of this folder. Larger ones are refused with FILE_TOO_LARGE;"
                        + " saga.file.max-size applies too.");
        table.row(CONTENT_TYPES, "saga.drop.types", "")
                .describe("Content types as the bytes show them (application/pdf, text/*) or suffixes (.pdf), separated"
                        + " by commas. Others are refused. Empty: all are accepted.");
        table.row(NAME_PATTERNS, "saga.drop.ignore", IGNORED)
                .describe("Names of files and sub-folders to ignore, as patterns with * and ?, separated by commas, in"
                        + " any letter case. The default covers half-written files and those of the system. Names that"
                        + " begin with a dot are always ignored.");
        table.row(INTEGER, "saga.drop.max-per-minute", "0", "0", "1000000")
                .describe("Files that this process takes in a minute; others wait. 0: no limit.");
    }

    private static void messages(SettingsTable table) {
        table.section("Messages (JMS)");
        table.row(FLAG, "saga.jms.embedded", "false")
                .describe("true: \"start\" runs an Artemis broker of its own, in DATA/broker. Its accounts are in"
                        + " DATA/broker*.credentials.");
        table.row(INTEGER, "saga.jms.port", "0", "0", "65535")
                .describe("Port of the embedded broker. 0: a free one, chosen once and kept in the data directory.");
        table.row(BROKER_URL, "saga.jms.url", "")
                .describe("URL of an Artemis broker (tcp://host:61616). Empty: none. A hub's own connection factory is"
                        + " found in its registry instead.");
        table.row(TEXT, "saga.jms.user", "").describe("Account at that broker; the embedded one has its own.");
        table.row(PASSWORD, "saga.jms.password", "").describe("Its password.");
        table.row(QUEUE, "saga.jms.queue", "saga-ingest")
                .describe("Queue that documents come from: a text message {\"path\"}, or a bytes message with the"
                        + " property fileName.");
        table.row(QUEUE, "saga.jms.dead-letter-queue", "saga-ingest-dead")
                .describe("Queue for messages that can't be understood, with the property sagaReason.");
        table.choice("saga.jms.staging", Staging.SPOOL)
                .describe("The same as saga.http.staging, for the bodies of bytes messages.");
        table.row(FOLDERS, "saga.jms.roots", "")
                .describe("Folders in which messages may name files, separated by commas. Empty: nowhere.");
    }
}
