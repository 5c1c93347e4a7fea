package dev.streamingsaga.extraction;

import dev.streamingsaga.config.DocumentConfig.Reading;
import dev.streamingsaga.config.Settings;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Map;

/** A process that reads a document whose parser loops; it prints the id of its worker when that has begun. */
public final class ReadingProcess {
    private ReadingProcess() {}

    /** @param args the document, and the folder for temporary files */
    public static void main(String[] args) throws Exception {
        Reading reading = Settings.parse(Map.of()).documents().content().reading();
        ReadingWatch watch = new ReadingWatch();
        WorkerCommand command = WorkerCommand.of(reading, Path.of(args[1]), HostileWorkerMain.class);
        try (WorkerIsolation isolation = new WorkerIsolation(
                        reading.limits(),
                        new WorkerPool(command, 1, reading.idle()),
                        watch,
                        new InProcessIsolation(reading.limits(), watch, () -> 0));
                SeekableByteChannel bytes = FileChannel.open(Path.of(args[0]))) {
            isolation.isolate(HostileWorkerMain.LOOP, (unused, ignored) -> {}).extract(bytes, new ReadText() {
                @Override
                public void endPage() {
                    ProcessHandle.current().children().forEach(worker -> System.out.println(worker.pid()));
                }
            });
        }
    }
}
