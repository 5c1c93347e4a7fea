#!/bin/sh
# Runs the monitor and the OSD of a Ceph cluster for tests, in the folder of this script, and creates a user for radosgw.
# The OSD keeps its data in memory. Both end with this process, also when it is killed.
# Usage: cluster.sh ADDRESS PORT_OF_RADOSGW PORT_OF_MONITOR ACCESS_KEY SECRET_KEY NAME_OF_THE_TEST
set -eu
cd "$(dirname "$0")"
address=$1 port=$2 monitor=$3 access=$4 secret=$5
export CEPH_CONF="$PWD/ceph.conf"
fsid=$(cat /proc/sys/kernel/random/uuid)
osd=$(cat /proc/sys/kernel/random/uuid)
mkdir mon osd
cat > "$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon_host = v2:$address:$monitor
public_addr = $address
keyring = $PWD/keyring
log_file = $PWD/\$name.log
run_dir = $PWD
admin_socket =
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
osd_class_dir = $(dirname "$(find /usr/lib -name libcls_version.so | head -1)")
osd_objectstore = memstore
memstore_device_bytes = 8589934592
[mon.a]
mon_data = $PWD/mon
[osd.0]
osd_data = $PWD/osd
[client.rgw]
rgw_frontends = beast endpoint=$address:$port
CONF
ceph-authtool -C keyring --gen-key -n mon. --cap mon 'allow *'
for name in client.admin client.rgw osd.0; do
  ceph-authtool keyring --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
done
monmaptool --create --addv a "[v2:$address:$monitor]" --fsid "$fsid" monmap
ceph-mon --mkfs -i a --monmap monmap --keyring keyring
setpriv --pdeathsig KILL ceph-mon -i a -f &
ceph --connect-timeout 60 osd new "$osd" 0
ceph-osd -i 0 --mkfs --osd-uuid "$osd"
setpriv --pdeathsig KILL ceph-osd -i 0 -f &
until ceph osd stat | grep -q '1 up'; do sleep 1; done
radosgw-admin -n client.rgw user create --uid saga --display-name saga --access-key "$access" --secret-key "$secret"
touch ready
wait
