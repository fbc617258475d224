import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.FileReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flume.Event;
import org.apache.flume.EventDeliveryException;
import org.apache.flume.api.RpcClient;
import org.apache.flume.api.RpcClientFactory;
import org.apache.flume.event.EventBuilder;

/**
 * Sends the events of a file through Flume's own RpcClient. Arguments: client properties file, events file, then how: one or more
 * of SIZE:COUNT, the next COUNT events in batches of SIZE (0: one append an event). A failed batch is sent again by a new client
 * until it is stored, as a Flume sink does. Prints one line at the end: events sent, batches refused, milliseconds.
 * The events file: for each event int32 header count, then per header two (int32 length, UTF-8 bytes), then int32 length, body.
 */
public class LoadClient {
  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    try (FileReader reader = new FileReader(arguments[0])) {
      properties.load(reader);
    }
    List<Event> events = read(arguments[1]);
    long start = System.nanoTime();
    int refused = 0;
    int sent = 0;
    RpcClient client = null;
    for (int part = 2; part < arguments.length; part++) {
      String[] how = arguments[part].split(":");
      int batchSize = Integer.parseInt(how[0]);
      int partEnd = Math.min(events.size(), sent + Integer.parseInt(how[1]));
      while (sent < partEnd) {
        int end = Math.min(partEnd, sent + Math.max(batchSize, 1));
        try {
          if (client == null) client = RpcClientFactory.getInstance(properties);
          if (batchSize == 0) client.append(events.get(sent));
          else client.appendBatch(events.subList(sent, end));
          sent = end;
        } catch (EventDeliveryException | org.apache.flume.FlumeException failure) {
          refused++;
          if (client != null) client.close();
          client = null;
          if (refused > 600) throw failure;
          Thread.sleep(100);
        }
      }
    }
    long milliseconds = (System.nanoTime() - start) / 1_000_000;
    System.out.println("sent " + sent + " refused " + refused + " milliseconds " + milliseconds);
    // Closing the client would wait for Netty's quiet period.
    System.exit(0);
  }

  private static List<Event> read(String path) throws Exception {
    List<Event> events = new ArrayList<>();
    try (DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(path), 1 << 20))) {
      while (true) {
        int headerCount;
        try {
          headerCount = in.readInt();
        } catch (EOFException end) {
          return events;
        }
        Map<String, String> headers = new HashMap<>();
        for (int index = 0; index < headerCount; index++) headers.put(text(in), text(in));
        events.add(EventBuilder.withBody(bytes(in), headers));
      }
    }
  }

  private static String text(DataInputStream in) throws Exception {
    return new String(bytes(in), "UTF-8");
  }

  private static byte[] bytes(DataInputStream in) throws Exception {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }
}
